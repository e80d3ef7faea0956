"""Records as JSON in Fluent Bit's form: compact, with everything except ASCII escaped."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.records import Event
from bonkei.services.logs.router.records.times import WriteTime, date_writer

_encode: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=True, separators=(",", ":"), default=str, allow_nan=False
).encode


def encode(value: Any) -> str:
    """A real number without a value in JSON, which a program can send as msgpack, is null."""
    try:
        return _encode(value)
    except ValueError:
        return _encode(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def make_lines(section: Section, default_date: str) -> Callable[[Sequence[Event]], bytes]:
    """JSON lines: each record with its time under `json_date_key`, unless that is `false`. With
    `log_key`, the value of that key only.
    """
    key = section.text("json_date_key", "date")
    found = section.find("json_date_format")
    date = date_writer(found.value if found else default_date, section.place)
    log_key = section.text("log_key")
    if log_key:
        return lambda events: _of_key(log_key, events)
    without_date = key.lower() in ("false", "off", "")
    return lambda events: _lines(None if without_date else key, date, events)


def _lines(key: str | None, date: WriteTime, events: Sequence[Event]) -> bytes:
    if key is None:
        texts = [encode(record) for _, record in events]
    else:
        texts = [encode({key: date(moment), **record}) for moment, record in events]
    return ("\n".join(texts) + "\n").encode("ascii") if texts else b""


def _of_key(key: str, events: Sequence[Event]) -> bytes:
    texts = [message(record[key]) for _, record in events if key in record]
    return "".join(f"{text}\n" for text in texts).encode("utf-8", "replace")


def message(value: Any) -> str:
    """A single value; a string without quotes."""
    return value if isinstance(value, str) else encode(value)
