"""A template's sections, as frozen values. An expression is a plain value with `Function`s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Expression = Any


@dataclass(frozen=True, slots=True)
class ParameterDeclaration:
    """A parameter's declaration. `default` is None if there is none. Bounds are None if they are
    not declared."""

    name: str
    type: str
    default: str | None = None
    no_echo: bool = False
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str = ""
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    constraint_description: str = ""
    description: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Assertion:
    assertion: Expression
    description: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. Its assertions must hold if `condition` is true, and always if it is None."""

    name: str
    assertions: tuple[Assertion, ...]
    condition: Expression = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class ResourceDeclaration:
    """A resource's declaration. `deletion_policy` and `update_replace_policy` are Delete, Retain,
    RetainExceptOnCreate or Snapshot, a function of parameters that gives one, or empty. `metadata`
    is not checked."""

    logical_id: str
    type: str
    properties: Mapping[str, Expression] = field(default_factory=dict)
    condition: str = ""
    depends_on: tuple[str, ...] = ()
    deletion_policy: Expression = ""
    update_replace_policy: Expression = ""
    metadata: Expression = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """An output. `export` is the expression for the name that other stacks import, or None."""

    name: str
    value: Expression
    description: str = ""
    export: Expression = None
    condition: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """A template. Each section maps its names to values, in the template's order. `text` is the
    template as sent."""

    text: str
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, ParameterDeclaration] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    mappings: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    conditions: Mapping[str, Expression] = field(default_factory=dict)
    resources: Mapping[str, ResourceDeclaration] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
