"""The values of Go's expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tree_sitter import Node

Value: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known, and its source text."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of what is not followed: `enum.Validate[awstypes.LaunchType]()`."""

    name: str
    arguments: tuple[Value, ...] = ()
    types: tuple[str, ...] = ()
    """Of a generic function; one of AWS's SDK as "ecs.LaunchType"."""


@dataclass(slots=True)
class Struct:
    """A composite literal of a named type."""

    type: str
    fields: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Function:
    """A function's declaration or literal, with the package it is in."""

    package: Path
    node: Node
    imports: Mapping[str, str]
    scope: Mapping[str, Value] = field(default_factory=dict, hash=False, compare=False)
