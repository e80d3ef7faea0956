"""A bounded log of calls: caller, operation, resource and answer."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bonkei.base import kept
from bonkei.base.appending import append

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
        self._file = file
        self._recent: deque[Record] = deque(maxlen=KEPT)
        self._written = 0
        self._pending: list[Record] = []
        self._due: asyncio.TimerHandle | None = None
        self._listeners: list[Callable[[Record], None]] = []

    def hear(self, listener: Callable[[Record], None]) -> None:
        """Call `listener` with each finished call, before its answer is sent."""
        self._listeners.append(listener)

    def open(self) -> None:
        """Continue after the calls of an earlier run."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._written = sum(1 for _ in self._lines())

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
        lines = [record.line() + "\n" for record in self._pending[-KEPT:]]
        self._pending.clear()
        with suppress(OSError):
            if self._written + len(lines) > 2 * KEPT:
                self._shorten(KEPT - len(lines))
            append(self._file, "".join(lines))
            self._written += len(lines)

    def recent(self) -> tuple[Record, ...]:
        return tuple(self._recent)

    def _shorten(self, number: int) -> None:
        last = list(self._lines())[-number:] if number else []
        kept.write(self._file, "".join(last), synced=False)
        self._written = len(last)

    def _lines(self) -> Iterator[str]:
        try:
            with self._file.open(encoding="utf-8") as file:
                yield from file
        except FileNotFoundError:
            return


def _shortened(record: Record) -> Record:
    long = {
        name: text[:_LONGEST]
        for name in ("caller", "role", "service", "operation", "error", "resource")
        if len(text := getattr(record, name)) > _LONGEST
    }
    return replace(record, **long) if long else record
