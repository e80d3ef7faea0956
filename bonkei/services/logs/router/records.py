"""An event is `(time, record)`: Unix time in nanoseconds, and a dict in the order of its keys."""

from __future__ import annotations

from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
Event: TypeAlias = tuple[int, Record]
NANOSECONDS = 1_000_000_000
