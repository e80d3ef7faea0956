"""What a reader is asked for, and its answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """`key`: its place in the primary key, or -1."""

    name: str
    type: str
    key: int = -1
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """`kind`: table | view | foreign table … `rows`: the planner's estimate; -1 without one. `size`
    is in bytes."""

    schema: str
    name: str
    kind: str
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Value:
    """The beginning of a value as text, and the number of its characters; None is NULL."""

    text: str | None
    length: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """`more`: there are further rows. `note`: why rows are missing; empty otherwise."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    more: bool
    seconds: float
    note: str = ""
