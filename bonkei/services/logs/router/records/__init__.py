"""A record: its time, its tag, the values inside it.

An event is `(time, record)`: Unix time in nanoseconds, and a dict in the order of its keys.
"""

from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
Event: TypeAlias = tuple[int, Record]

__all__ = ["Event", "Record"]
