"""Sources of records. An input runs on the event loop. It can be paused (backpressure) and drained
(at the end it still takes records that were already sent). `close` ends it in any state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from bonkei.services.logs.router.records import Event

Ingest = Callable[[str, Sequence[Event]], None]
Lose = Callable[[int, str], None]
"""Counts records that cannot be taken, and says why."""


class Input(Protocol):
    async def start(self) -> None: ...
    def pause(self, *, paused: bool) -> None: ...
    async def drain(self) -> None: ...
    def close(self) -> None: ...
