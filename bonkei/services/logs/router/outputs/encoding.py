"""Records as JSON in Fluent Bit's form: compact, with everything except ASCII escaped; and objects'
keys."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from bonkei.services.logs.router.records import NANOSECONDS, Event

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


def lines(events: Sequence[Event]) -> bytes:
    """JSON lines: each record with its time under `date`, in ISO 8601."""
    texts = [encode({"date": _iso8601(moment), **record}) for moment, record in events]
    return ("\n".join(texts) + "\n").encode("ascii") if texts else b""


def _iso8601(time: int) -> str:
    seconds, rest = divmod(time, NANOSECONDS)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def make_key(form: str, created: float, picked: str) -> str:
    """An object's key from `s3_key_format`, without the slash before it (pipeline/outputs/s3)."""
    key = datetime.fromtimestamp(created, UTC).strftime(form).replace("$UUID", picked)
    return (key if "$UUID" in form else f"{key}-object{picked}").lstrip("/")
