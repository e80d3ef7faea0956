"""Parsers of a text, and the JSON reader below them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.records import NANOSECONDS, Record

# A JSON text as Fluent Bit 5.0 reads it: with yyjson, and with its own flags.
#
# Source: `pack_json_to_msgpack_yyjson` of src/flb_pack.c, `flb_parser_json_do`, and `read_uni_esc`
# of lib/yyjson. Every record that comes out of here can be stored as msgpack and written as JSON.

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


# A parser turns a text into a record and, if it finds one, a time.
#
# Source: pipeline/parsers (json, configuring-parser).

Parse = Callable[[str], "tuple[Record, int | None] | None"]
"""The record of a text, and its time in nanoseconds if it has one; None if it does not fit."""

_ISO = "%Y-%m-%dT%H:%M:%S.%LZ"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,9})\d*Z")

_TIMES = 2**32 * NANOSECONDS  # an event's seconds are an unsigned number of 32 bits


def make_parsers(sections: Sequence[Section]) -> dict[str, Parse]:
    """The parsers by name. Raises RouterError for a wrong setting."""
    return {section.name: make_parser(section) for section in sections}


def make_parser(section: Section) -> Parse:
    form, time_format = section.text("format").lower(), section.text("time_format")
    if form != "json" or time_format not in ("", _ISO):
        raise RouterError(
            f"{section.place}: parser {section.name} has the format {form or '(none)'}"
            f" and the time_format {time_format or '(none)'}",
            remedy=f"use json, and {_ISO}; or install fluent-bit, which knows all",
        )
    if not time_format:
        return _untimed
    key = section.text("time_key", "time")
    keep = values.flag(section, "time_keep", default=False)
    return partial(_timed, key, keep)


def _untimed(text: str) -> tuple[Record, None] | None:
    return None if (found := parse_json(text)) is None else (found, None)


def _timed(key: str, keep: bool, text: str) -> tuple[Record, int | None] | None:
    """If the time does not fit, it stays in the record, and the record's time is its arrival."""
    record = parse_json(text)
    if record is None:
        return None
    value = record.get(key)
    time = read_time(value) if isinstance(value, str) else None
    if time is None:
        return record, None
    if not keep:
        del record[key]
    return record, time % _TIMES


def read_time(text: str) -> int | None:
    """Nanoseconds, from a text in the form of `_ISO`; None if it has another one. `%L` is the
    fraction of a second ("Time resolution and fractional seconds", configuring-parser)."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{found[1]}Z")
    except ValueError:
        return None
    return int(moment.timestamp()) * NANOSECONDS + int(found[2].ljust(9, "0"))
