"""What a regular expression consists of. A set of bytes is a whole number: bit 65 for `A`."""

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
    """No byte, but a condition on the place. `end`: also before a line end that is the last byte,
    as in PCRE."""

    assertion: Assertion


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """`most` is None for any number of times."""

    part: Node
    least: int
    most: int | None


Node = Bytes | Place | Sequence | Alternatives | Repetition


def members_of(values: Iterable[int]) -> int:
    """The set of these bytes."""
    found = 0
    for value in values:
        found |= 1 << value
    return found


def without_case(members: int) -> int:
    """With the other case of each letter."""
    upper, lower = members >> ord("A") & _LETTERS, members >> ord("a") & _LETTERS
    return members | upper << ord("a") | lower << ord("A")


_LETTERS = (1 << 26) - 1
DIGITS = members_of(b"0123456789")
WORD = DIGITS | members_of(b"_") | _LETTERS << ord("a") | _LETTERS << ord("A")
SPACES = members_of(b" \t\n\r\f\v")
LINE_END = ord("\n")
