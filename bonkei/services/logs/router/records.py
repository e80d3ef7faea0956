"""A record, and the patterns that filters compare its values with.

An event is `(time, record)`: Unix time in nanoseconds, and a dict in the order of its keys. Fluent
Bit's regular expressions (Onigmo, Ruby's syntax) are translated to Python's.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from bonkei.services.logs.router.configuration.model import Place
from bonkei.services.logs.router.errors import RouterError

Record: TypeAlias = dict[str, Any]
Event: TypeAlias = tuple[int, Record]
NANOSECONDS = 1_000_000_000

_DELIMITED = re.compile(r"/(.*)/([imxo]*)", re.DOTALL)
_GROUP = re.compile(r"\(\?<(?![=!])")
_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "xdigit": "0-9a-fA-F",
    "word": r"\w",
    "punct": r"!-/:-@\[-`{-~",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "graph": r"\x21-\x7e",
    "print": r"\x20-\x7e",
}
_POSIX = re.compile(r"\[:(\w+):\]")
_LETTERS = {r"\h": "[0-9a-fA-F]", r"\H": "[^0-9a-fA-F]", r"\z": r"\Z", r"\R": r"(?:\r\n|[\n\r])"}
_ESCAPED = re.compile(r"\\.", re.DOTALL)


def compile_pattern(text: str, place: Place) -> re.Pattern[str]:
    """`(?<name>…)`, `/…/im`, POSIX classes. In Ruby `^` and `$` are ends of a line, and `m` lets a
    dot match a newline. RouterError names the place."""
    flags = re.MULTILINE
    if delimited := _DELIMITED.fullmatch(text):
        text = delimited[1]
        for letter, meant in (("i", re.IGNORECASE), ("m", re.DOTALL), ("x", re.VERBOSE)):
            if letter in delimited[2]:
                flags |= meant
    text = _GROUP.sub("(?P<", text)
    text = _POSIX.sub(lambda match: _CLASSES.get(match[1], match[0]), text)
    text = _ESCAPED.sub(lambda match: _LETTERS.get(match[0], match[0]), text)
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise RouterError(
            f"{place}: the regular expression {text!r} is refused: {error}",
            remedy="correct it; the real Fluent Bit may know more of Ruby's syntax",
        ) from None
