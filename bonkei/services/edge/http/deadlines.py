"""Time-outs for many connections with one timer.

A timer for each request would cost more than the routing. Instead everything that can time out
holds a deadline, and a sweep a few times a second finds the expired ones. Deadlines count from the
last sweep (`Deadlines.coarse`): a time-out comes up to `INTERVAL` seconds early or late. While
nothing is watched, nothing is swept.

Time in which the process stood still does not count: bytes that have come meanwhile are still
unread, so no client that sent them is late.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import Protocol

INTERVAL = 0.2
NEVER = inf
_PUNCTUAL = INTERVAL / 4
"""A sweep that is later than this comes after a standstill."""


class Watched(Protocol):
    """`deadline` is a time of the event loop's clock, `NEVER` for none."""

    deadline: float

    def expired(self, now: float) -> None:
        """The deadline has passed. For another call, set a new one."""


class Deadlines:
    """The sweep over the watched objects.

    `coarse` stands still while nothing is watched: call `watch` before you count from it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: set[Watched] = set()
        self.time = loop.time
        self.coarse = loop.time()
        self.soon = loop.call_soon
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # the time of the next sweep

    def watch(self, watched: Watched) -> None:
        """Begin to check `watched.deadline`."""
        self._watched.add(watched)
        if self._timer is None:
            self.coarse = self._loop.time()
            self._sweep_later(self.coarse)

    def forget(self, watched: Watched) -> None:
        """The counterpart of `watch`. Does nothing for an object that is not watched."""
        self._watched.discard(watched)

    @property
    def empty(self) -> bool:
        """Whether nothing is watched any more."""
        return not self._watched

    def close(self) -> None:
        """Stop the sweep."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._watched.clear()

    def _sweep(self) -> None:
        now = self.coarse = self._loop.time()
        self._timer = None
        if not self._watched:
            return
        late = now - self._due
        self._sweep_later(now)  # also after an exception below
        if late > _PUNCTUAL:
            for watched in self._watched:
                watched.deadline += late
        for watched in [each for each in self._watched if each.deadline <= now]:
            watched.deadline = NEVER
            watched.expired(now)

    def _sweep_later(self, now: float) -> None:
        self._due = now + INTERVAL
        self._timer = self._loop.call_later(INTERVAL, self._sweep)
