"""A bounded log of calls: caller, operation, resource and answer."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bonkei.base.appending import LastLines

KEPT = 2_000
"""The number of kept calls. The file holds at most twice as many."""
_MOMENT = 0.1  # seconds
_LONGEST = 1_024  # characters of what any caller names


@dataclass(frozen=True, slots=True)
class Record:
    """One call. `time`: seconds since the epoch. `error`: AWS's code; empty without an error."""

    time: float
    caller: str  # an ARN; empty if unknown
    role: str
    service: str
    operation: str
    status: int
    error: str
    milliseconds: float
    request_id: str
    resource: str = ""  # as the caller named it

    def line(self) -> str:
        values = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(values, separators=(",", ":"))


class CallLog:
    """Keeps the last calls in memory and in a file. Another process may follow the file."""

    def __init__(self, file: Path) -> None:
        self._lines = LastLines(file, KEPT)
        self._recent: deque[Record] = deque(maxlen=KEPT)
        self._pending: list[Record] = []
        self._due: asyncio.TimerHandle | None = None
        self._listeners: list[Callable[[Record], None]] = []

    def hear(self, listener: Callable[[Record], None]) -> None:
        """Call `listener` with each finished call, before its answer is sent."""
        self._listeners.append(listener)

    def open(self) -> None:
        """Continue after the calls of an earlier run."""
        self._lines.open()

    def add(self, record: Record) -> None:
        """The record is written to the file a moment later, together with others."""
        record = _shortened(record)
        self._recent.append(record)
        for listener in self._listeners:
            listener(record)
        self._pending.append(record)
        if self._due is not None:
            return
        try:
            self._due = asyncio.get_running_loop().call_later(_MOMENT, self.flush)
        except RuntimeError:
            self.flush()

    def flush(self) -> None:
        """Add a record. If the disk is full, it is dropped, because the call must not fail for
        that."""
        if self._due is not None:
            self._due.cancel()
        self._due = None
        lines = [record.line() for record in self._pending[-KEPT:]]
        self._pending.clear()
        with suppress(OSError):
            self._lines.add(lines)

    def recent(self) -> tuple[Record, ...]:
        return tuple(self._recent)


def _shortened(record: Record) -> Record:
    long = {
        name: text[:_LONGEST]
        for name in ("caller", "role", "service", "operation", "error", "resource")
        if len(text := getattr(record, name)) > _LONGEST
    }
    return replace(record, **long) if long else record
