"""The last events of a log group, from the bus; and a search in it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, islice

from bonkei.base.events import Bus, LogEventsIngested
from bonkei.miniature.console.logs.rows import MOST_ROWS
from bonkei.miniature.console.logs.wish import PATIENCE, Found, Numbered, Wish
from bonkei.miniature.log_files.record import Record, read
from bonkei.services.logs.store.log_store import LogStore
from bonkei.services.logs.store.reading import Stored, Window

_KEPT = 1_000  # events of a group
_KEPT_CHARACTERS = 1_000_000
_MOST_GROUPS = 4  # that are listened to
_AT_ONCE = 500


class GroupTails:
    """Call `look` while a page shows the group, and `forget` when none does. Use it on the event
    loop's thread only."""

    def __init__(self, store: Callable[[], LogStore], bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._tails: dict[str, _Tail] = {}
        self._numbers = count(1)

    def look(self, group: str) -> list[Numbered]:
        """Its last events in the order of arrival. Raises LogsError if it no longer exists."""
        tail = self._tails.get(group)
        if tail is None:
            while len(self._tails) >= _MOST_GROUPS:
                self._tails.pop(next(iter(self._tails))).undo()
            tail = self._tails[group] = _Tail(self._store(), group, self._numbers, self._bus)
        return list(tail.events)

    def forget(self) -> None:
        while self._tails:
            self._tails.popitem()[1].undo()


class _Tail:
    """Of one group."""

    def __init__(self, store: LogStore, group: str, numbers: Iterator[int], bus: Bus) -> None:
        self._group = group
        self._numbers = numbers
        self._characters = 0
        self.events: deque[Numbered] = deque()
        found = list(islice(store.read(group, Window(), backwards=True), _KEPT))
        for event in reversed(found):
            self._keep(event.timestamp, event.position.stream, event.message)
        self.undo = bus.subscribe(LogEventsIngested, self._hear)

    def _hear(self, ingested: LogEventsIngested) -> None:
        if ingested.log_group == self._group:
            for event in ingested.events:
                self._keep(event.timestamp, ingested.log_stream, event.message)

    def _keep(self, timestamp: int, stream: str, message: str) -> None:
        record = record_of(self._group, timestamp, message)
        self.events.append(Numbered(next(self._numbers), record, stream))
        self._characters += len(message)
        while len(self.events) > _KEPT or self._characters > _KEPT_CHARACTERS:
            self._characters -= len(self.events.popleft().record.text)


async def search(store: LogStore, wish: Wish, patience: float = PATIENCE) -> Found:
    """The newest wanted events in order of time. It lets other tasks run in between. Raises
    LogsError if the group no longer exists."""
    window = Window(_milliseconds(wish.since, 0), _milliseconds(wish.until, 2**62))
    streams = [name for name in store.group(wish.group).streams if name.startswith(wish.stream)]
    events = store.read(wish.group, window, streams, backwards=True)
    found: list[Numbered] = []
    end, numbers, looked_at, back_to = time.monotonic() + patience, count(-1, -1), 0, ""
    while part := list(islice(events, _AT_ONCE)):
        looked_at += len(part)
        numbered = [_numbered(wish.group, one, next(numbers)) for one in part]
        found += filter(wish, numbered)
        if len(found) > MOST_ROWS:
            break
        if time.monotonic() > end:
            back_to = numbered[-1].record.time
            break
        await asyncio.sleep(0)
    return Found(found[:MOST_ROWS][::-1], len(found) > MOST_ROWS, looked_at, back_to)


def record_of(group: str, timestamp: int, message: str) -> Record:
    """An event as a record. For PostgreSQL, by its own format."""
    moment = datetime.fromtimestamp(timestamp / 1000, UTC).isoformat(timespec="milliseconds")
    at = moment.replace("+00:00", "Z")
    if group.startswith("/aws/rds/"):
        [record] = read(group, "database", [message])
        return replace(record, time=at)
    [record] = read(group, "container", [f"{at}  {message.rstrip()}"])
    return record


def _numbered(group: str, event: Stored, number: int) -> Numbered:
    record = record_of(group, event.timestamp, event.message)
    return Numbered(number, record, event.position.stream)


def _milliseconds(text: str, usual: int) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000) if text else usual
