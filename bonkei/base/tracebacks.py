"""The exception in a program's output: a traceback, or the member of a JSON record. Pure.

JSON records are read by the member names of common loggers.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

_FRAME = re.compile(r'\s+File "([^"]+)", line (\d+)')
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:: .*)?$")
_LIBRARIES = ("/lib/python", "/site-packages/", "<frozen ")
_LONGEST = 300  # characters of an exception
_EXCEPTION = ("exception", "exc_info", "traceback", "stack_trace", "stack", "error.stack_trace")


def raised(lines: Iterable[str]) -> str:
    """The exception of the last Python traceback, and its innermost line outside libraries:
    `ValueError: no name, /app/main.py:3`. Empty without a traceback. A line may be JSON."""
    found = place = ""
    for line in lines:
        fields = fields_of(line)
        if fields is not None:
            found = raised(exception_of(fields).splitlines()) or found
        elif frame := _FRAME.match(line):
            if not place or not any(part in frame[1] for part in _LIBRARIES):
                place = f"{frame[1]}:{frame[2]}"
        elif place and _RAISED.match(line):
            found, place = f"{line[:_LONGEST]}, {place}", ""
    return found


def fields_of(text: str) -> dict[str, Any] | None:
    """A JSON record's members; None for other text."""
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text, parse_constant=str, parse_float=_finite)  # NaN is not JSON
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def value_of(fields: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The first of these members that has a value, else an empty text."""
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), "")


def text_of(fields: Mapping[str, Any], names: Iterable[str]) -> str:
    """The same as text."""
    found = value_of(fields, names)
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def exception_of(fields: Mapping[str, Any]) -> str:
    """The stack. pino and bunyan: `"err": {"message": …, "stack": …}`."""
    if found := text_of(fields, _EXCEPTION):
        return found
    for name in ("err", "error"):
        if isinstance(error := fields.get(name), dict) and isinstance(error.get("stack"), str):
            return str(error["stack"])
    return ""


def _finite(text: str) -> float | str:
    """`1e999` is JSON, and infinity is not."""
    number = float(text)
    return number if math.isfinite(number) else text
