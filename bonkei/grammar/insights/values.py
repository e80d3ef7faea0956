"""What a field can hold, how values compare, and how they are shown."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

_DECIMALS = 4
_CHUNK = re.compile(r"\d+|\D+")
_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")


class Moment(int):
    """Milliseconds since 1970 that are shown as a time."""

    __slots__ = ()


Value = Any
"""A text, a number, a Moment, a map, a list, or None: the field is not there. JSON's true and false
are 1 and 0, as queries for `cold_start = 1` expect."""


def number(value: Value) -> int | float | None:
    """The value as a number, if it is one or looks like one."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        found = float(value)
        return int(found) if found.is_integer() and abs(found) < 2**53 else found
    return None


def text(value: Value) -> str:
    """The value as results show it. None is an empty text."""
    if value is None:
        return ""
    if isinstance(value, Moment):
        return _time(int(value))
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return _decimal(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _time(milliseconds: int) -> str:
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{milliseconds % 1000:03d}"


def _decimal(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")


def is_true(value: Value) -> bool:
    """Whether a filter keeps the event."""
    found = number(value)
    return bool(found) if found is not None else False


def compared(left: Value, right: Value) -> int | None:
    """-1, 0 or 1; None if one of them is not there. Two numbers compare as numbers."""
    if left is None or right is None:
        return None
    first, second = number(left), number(right)
    if first is None or second is None:
        a, b = text(left), text(right)
        return (a > b) - (a < b)
    return (first > second) - (first < second)


def natural(value: Value) -> tuple[Any, ...]:
    """A key for `sort`: texts before numbers; digits in a text by their length, then their value.

    "sort", https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Sort.html
    """
    found = number(value)
    if found is not None:
        return (1, found)
    chunks = _CHUNK.findall(text(value))
    return (0, tuple((1, len(c), c) if c.isdigit() else (0, 0, c) for c in chunks))
