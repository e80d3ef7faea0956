"""Merges the events of many pages in order of time, with few pages in memory at once. Pure, except
for `load`. A page knows its earliest and latest timestamp, so it is read only when its turn comes.
Nearly all streams are written in order. Of such a stream, at most one page is in memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bonkei.services.logs.store.frame import decode
from bonkei.services.logs.store.position import Position
from bonkei.services.logs.store.segment import Page

Load = Callable[[Page], bytes]
_Key = tuple[int, str | tuple[int, ...], int]
_Run = tuple[_Key, int, list["Stored"], int]


@dataclass(frozen=True, slots=True)
class Stored:
    """An event of the store. Times in milliseconds."""

    position: Position
    ingestion: int
    message: str

    @property
    def timestamp(self) -> int:
        return self.position.timestamp


@dataclass(frozen=True, slots=True)
class Window:
    """Times in milliseconds: `start` inclusive, `end` exclusive. `after` (`before`, when reading
    backwards) is the position of the last event that was already read."""

    start: int = 0
    end: int = 2**62
    after: Position | None = None

    def meets(self, page: Page, *, backwards: bool) -> bool:
        if page.first >= self.end or page.last < self.start:
            return False
        if self.after is None:
            return True
        bound = self.after.timestamp
        return page.first <= bound if backwards else page.last >= bound

    def holds(self, event: Stored, *, backwards: bool) -> bool:
        if not self.start <= event.timestamp < self.end:
            return False
        if self.after is None:
            return True
        return event.position < self.after if backwards else event.position > self.after


def in_order(
    pages: Sequence[Page], load: Load, window: Window, *, backwards: bool = False
) -> Iterator[Stored]:
    """Every event of the window, the earliest first, or the latest first."""
    wanted = [page for page in pages if window.meets(page, backwards=backwards)]
    begins = _begin_backwards if backwards else _begin
    wanted.sort(key=begins)
    runs: list[_Run] = []
    index = 0
    while index < len(wanted) or runs:
        while index < len(wanted) and (not runs or begins(wanted[index]) <= runs[0][0][0]):
            events = _events(wanted[index], load, window, backwards=backwards)
            if events:
                heapq.heappush(runs, (_key(events[0], backwards), index, events, 0))
            index += 1
        if not runs:
            continue
        _, number, events, at = runs[0]
        yield events[at]
        if at + 1 < len(events):
            heapq.heapreplace(runs, (_key(events[at + 1], backwards), number, events, at + 1))
        else:
            heapq.heappop(runs)


def _begin(page: Page) -> int:
    return page.first


def _begin_backwards(page: Page) -> int:
    return -page.last


def _key(event: Stored, backwards: bool) -> _Key:
    """Reading backwards uses exactly the opposite order, because a reader continues behind a
    position."""
    timestamp, stream, sequence = event.position
    return (-timestamp, _reversed(stream), -sequence) if backwards else event.position


@lru_cache(maxsize=512)
def _reversed(stream: str) -> tuple[int, ...]:
    """A key for the opposite order of names. The end of a name comes after all characters."""
    return (*(-ord(character) for character in stream), 1)


def _events(page: Page, load: Load, window: Window, *, backwards: bool) -> list[Stored]:
    found = [
        Stored(Position(timestamp, page.stream, page.sequence + index), ingestion, message)
        for index, (timestamp, ingestion, message) in enumerate(decode(load(page)))
    ]
    kept = [event for event in found if window.holds(event, backwards=backwards)]
    kept.sort(key=lambda event: event.position, reverse=backwards)
    return kept
