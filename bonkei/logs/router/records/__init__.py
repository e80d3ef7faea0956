"""A record, and what is asked of it: its time, its tag, a value inside of it, its JSON.

An event is `(time, record)`: Unix time in nanoseconds, and a dict in the order of its keys.
"""

from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
Event: TypeAlias = tuple[int, Record]

__all__ = ["Event", "Record"]
