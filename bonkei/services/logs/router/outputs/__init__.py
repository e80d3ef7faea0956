"""Where records go. An output answers a chunk's delivery with OK, RETRY or ERROR.

An output that holds records itself (s3) has a deadline, and `finish` is called before the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from bonkei.services.logs.router.records import Event


class Result(Enum):
    OK = "ok"
    RETRY = "retry"
    ERROR = "error"  # it will never be accepted: dropped, and counted


class Output(Protocol):
    async def deliver(self, tag: str, events: Sequence[Event], /) -> Result: ...
    async def finish(self) -> bool:
        """Before the end: send the held records. True when all are sent."""
        ...
