"""The parts of a regular expression. A set of bytes is a whole number in which bit 65 stands for
`A`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ALL = (1 << 256) - 1
Assertion = Literal["begin", "begin line", "end", "end line", "very end", "word", "no word"]


@dataclass(frozen=True, slots=True)
class Bytes:
    """One byte of a set."""

    members: int


@dataclass(frozen=True, slots=True)
class Place:
    """A condition on a position, which consumes no byte. `end` also matches before a line end that
    is the last byte, as in PCRE."""

    assertion: Assertion


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """A repeated part. `most` is None for any number of times."""

    part: Node
    least: int
    most: int | None


Node = Bytes | Place | Sequence | Alternatives | Repetition


def members_of(values: Iterable[int]) -> int:
    """Return the set of these bytes."""
    found = 0
    for value in values:
        found |= 1 << value
    return found


def without_case(members: int) -> int:
    """Add the other case of each letter."""
    upper, lower = members >> ord("A") & _LETTERS, members >> ord("a") & _LETTERS
    return members | upper << ord("a") | lower << ord("A")


_LETTERS = (1 << 26) - 1
DIGITS = members_of(b"0123456789")
WORD = DIGITS | members_of(b"_") | _LETTERS << ord("a") | _LETTERS << ord("A")
SPACES = members_of(b" \t\n\r\f\v")
LINE_END = ord("\n")
