"""A risk of a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar


class Risk(Enum):
    """In the order of the report. The value is its heading."""

    DESTROYED = "Destroyed"
    REPLACED = "Replaced"
    REACHABLE = "Becomes reachable"
    PERMISSION = "May do more"
    ALARM = "Is watched less"


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` goes on after the address ("lets in"), and `details` after that. The details have what
    the definitions say, the text has words of ours alone. `place`: file and line, if they are
    known."""

    risk: Risk
    address: str
    text: str
    details: tuple[str, ...] = ()
    place: str = ""


class Thing(Protocol):
    """A part of a blueprint."""

    @property
    def address(self) -> str: ...
    @property
    def arn(self) -> str: ...


T = TypeVar("T", bound=Thing)


def by_names(things: Iterable[T]) -> Mapping[str, T]:
    """By address and by ARN: a thing that has only moved in the definitions keeps its ARN."""
    found = list(things)
    return {**{each.arn: each for each in found}, **{each.address: each for each in found}}


def counterpart(things: Mapping[str, T], thing: T) -> T | None:
    """What it is on the other side; None if it is not there."""
    return things.get(thing.address) or (things.get(thing.arn) if thing.arn else None)
