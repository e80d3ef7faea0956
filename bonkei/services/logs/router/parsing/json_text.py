"""A JSON text as Fluent Bit 5.0 reads it: with yyjson, and with its own flags.

Source: `pack_json_to_msgpack_yyjson` of src/flb_pack.c, `flb_parser_json_do`, and `read_uni_esc` of
lib/yyjson. Every record that comes out of here can be stored as msgpack and written as JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bonkei.services.logs.router.records import Record

_DEPTH = 31  # of containers in a record: msgpack-c has a stack of 32, and an event is one of them
_LEAST, _MOST = -(2**63), 2**64 - 1  # other whole numbers are read as real ones
_WHOLE = 2.0**63  # below it a whole number is written with all of its digits

_NUMBER = re.compile(
    r"-?(?:0(?![0-9])|[1-9][0-9]*+)(?:\.[0-9]++|(?!\.))(?:[eE][+-]?[0-9]++|(?![eE]))"
)
_ESCAPE = re.compile(
    r"\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})(?:\\u(?P<low>[0-9a-fA-F]{0,4}))?"
    r"|\\u(?P<alone>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u(?P<short>[0-9a-fA-F]{0,3})(?![0-9a-fA-F])(?P<next>[^\"'\0]?)"
    r"|\\.",
    re.DOTALL,
)


def parse_json(text: str) -> Record | None:
    """The record of a text that begins with an object. What follows is ignored, unless it is a
    second value: then the text is not a record. None also for a number that has no value in
    JSON."""
    start = _skip_space(text, 0)
    if not text.startswith("{", start):
        return None
    if "\\u" in text:
        text = _ESCAPE.sub(_whole, text)
    try:
        found, end = _decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if text.count("{") + text.count("[") > _DEPTH and _depth(found) > _DEPTH:
        return None
    if end < len(text) and _is_value(text, _skip_space(text, end)):
        return None
    return found if isinstance(found, dict) else None


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\n\r":
        at += 1
    return at


def _whole(escape: re.Match[str]) -> str:
    """The character of an escape; U+FFFD for half of a pair. One without four digits is a text, and
    takes the next byte with it."""
    if escape["high"]:
        low = escape["low"] or ""
        return escape[0] if len(low) == 4 and low[:2].lower() in _LOW else "\ufffd"
    if escape["alone"]:
        return "\ufffd"
    if escape["short"] is None:
        return escape[0]
    return rf"\\u{escape['short']}" + "\ufffd" * (len(escape["next"].encode()) - 1)


_LOW = ("dc", "dd", "de", "df")


def _is_value(text: str, start: int) -> bool:
    """Whether a second value begins there."""
    if start >= len(text):
        return False
    if text[start] in "-0123456789":
        number = _NUMBER.match(text, start)
        return number is not None and abs(float(number[0])) != float("inf")
    try:
        _decoder.raw_decode(text, start)
    except ValueError:
        return False
    except RecursionError:
        return True
    return True


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _integer(text: str) -> int | float:
    if len(text) < 19:
        return int(text)
    if len(text) < 22 and _LEAST <= (value := int(text)) <= _MOST:
        return value
    return _real(text)


def _real(text: str) -> float:
    """A number with the 16 digits that Fluent Bit writes, so that both write the same number."""
    value = float(text)
    if value - value != 0:
        raise ValueError("a number that is too large")
    is_whole = -_WHOLE <= value < _WHOLE and value.is_integer()
    return value if is_whole else float(f"{value:.16g}")


def _refused(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(
    parse_int=_integer, parse_float=_real, parse_constant=_refused, strict=False
)
