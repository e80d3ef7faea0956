"""Finds a regular expression of CloudWatch Logs in a text, in bounded time.

These expressions have no groups: they are alternatives of steps, and each step is one set of
characters, repeated. A search holds all places of the text that the steps so far can reach as the
bits of one whole number (bit 0: before the first character), and a step moves all of them at once.
So `a+b` takes a millisecond for 100 KB; Python's `re` tries each `a` anew, and takes seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_STEP = re.compile(
    r"(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|.)"
    r"(?P<times>[*+?]|\{(?!\})(?P<least>\d*)(?P<range>,(?P<most>\d*))?\})?(?P<manner>[?+])?",
    re.DOTALL,
)
_TIMES: dict[str, tuple[int, int | None]] = {
    "": (1, 1),
    "*": (0, None),
    "+": (1, None),
    "?": (0, 1),
}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_OTHER = "\x80"  # stands for each character beyond ASCII: a set has all of them, or none


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an expression. `characters` is `^`, `$`, or one byte for each code, which is `1`
    for members of the set. `most` is None for any number of times."""

    characters: str | bytes
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression is found where the steps of one alternative follow each other."""

    alternatives: tuple[tuple[Step, ...], ...]

    def is_in(self, text: str) -> bool:
        """Whether it is found anywhere in the text."""
        plain = text if text.isascii() else _NOT_ASCII.sub(_OTHER, text)
        backwards = plain.encode("latin-1")[::-1]  # the first character is the lowest bit
        return any(_is_found(steps, backwards) for steps in self.alternatives)


def read_expression(source: str) -> Expression:
    """Read an expression that `re` compiles. Raises `re.error` for a possessive repetition
    (`a++`)."""
    alternatives: list[list[Step]] = [[]]
    for found in _STEP.finditer(source):
        if found["manner"] == "+":
            raise re.error("a repetition is repeated", source, found.start("manner"))
        if found["set"] == "|":
            alternatives.append([])
        else:
            alternatives[-1].append(Step(_characters(found["set"]), *_times(found)))
    return Expression(tuple(map(tuple, alternatives)))


@cache
def _characters(written: str) -> str | bytes:
    if written in ("^", "$"):
        return written
    holds = re.compile(written, re.ASCII).fullmatch
    return bytes(b"01"[holds(chr(code)) is not None] for code in range(256))


def _times(found: re.Match[str]) -> tuple[int, int | None]:
    written = found["times"] or ""
    if written in _TIMES:
        return _TIMES[written]
    least = int(found["least"] or 0)
    return least, (int(found["most"]) if found["most"] else None) if found["range"] else least


def _is_found(steps: tuple[Step, ...], backwards: bytes) -> bool:
    end = 1 << len(backwards)
    ends = end | end >> 1 if backwards.startswith(b"\n") else end
    places = 2 * end - 1
    sets: dict[bytes, int] = {}
    for step in steps:
        if isinstance(step.characters, str):
            places &= 1 if step.characters == "^" else ends
        else:
            if step.characters not in sets:
                sets[step.characters] = int(b"0" + backwards.translate(step.characters), 2)
            places = _move(places, sets[step.characters], step)
        if not places:
            return False
    return True


def _move(places: int, members: int, step: Step) -> int:
    """Return the places where a step can end if it begins at `places`."""
    places = _exactly(step.least, places, members)
    if step.most is None:
        # The sum carries each place through the run of members behind it.
        return places | (((places & members) + members) ^ members)
    far, spare = 0, step.most - step.least
    while far < spare and places:
        more = min(far + 1, spare - far)
        places |= _exactly(more, places, members)
        far += more
    return places


def _exactly(times: int, places: int, members: int) -> int:
    """Move each place forward by exactly `times` members. A place with fewer members after it is
    dropped."""
    runs, length = members, 1
    while length < times and runs:
        more = min(length, times - length)
        runs &= runs >> more
        length += more
    return (places & runs) << times if times else places
