"""The input of the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bonkei.analysis.check.finding import Problem, Severity
from bonkei.analysis.check.program import Program
from bonkei.blueprint import Blueprint


@dataclass(frozen=True, slots=True)
class Subject:
    """The architecture; the programs, by the name of their container; and the keys of the secrets
    with a known value, by ARN."""

    blueprint: Blueprint
    programs: Mapping[str, Program] = field(default_factory=lambda: MappingProxyType({}))
    secret_keys: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Rule:
    """`source` is the URL of the documentation behind the rule."""

    id: str
    title: str
    severity: Severity
    source: str
    check: Callable[[Subject], Iterator[Problem]]
