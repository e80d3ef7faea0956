"""Keeps the last good answer: bursts ask the backend once, and outages still get an answer."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from frontend.api.error import BackendUnavailableError

T = TypeVar("T")
Clock = Callable[[], float]

# Without an older value to show, waiting for the backend is better than an error.
_FIRST_PATIENCE = 6.0


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """A value, the time when the backend last confirmed it, and whether it is stale since."""

    value: T
    as_of: dt.datetime
    stale: bool

    @property
    def known_as_of(self) -> dt.datetime | None:
        """The time to show with a value that may be old; None for a confirmed one."""
        return self.as_of if self.stale else None


class Kept(Generic[T]):
    """A cache for one value of the backend.

    - It is fresh for `seconds`. Then the next reader fetches it; all others wait for that one
    fetch.
    - A value equal to the one before *is* the one before, so pages made from it can be reused.
    - While fetching fails, readers get the last good value, marked stale, and the backend is tried
      again only every `seconds`. A fetch slower than `patience` goes on, but counts as failed for
      its readers. An answer of 4xx is not a failure: the value is gone, the error is raised.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[T]],
        *,
        seconds: float,
        patience: float = 1.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._seconds = seconds
        self._patience = patience
        self._clock = clock
        self._reading: Reading[T] | None = None
        self._failure: Exception | None = None
        self._tried_at = float("-inf")
        self._generation = 0
        self._task: asyncio.Task[None] | None = None

    def peek(self) -> Reading[T] | None:
        """The value if it is fresh, without waiting. This serves bursts."""
        return None if self._is_due() else self._reading

    async def read(self) -> Reading[T]:
        """The value. Raises BackendError if there is none."""
        if self._is_due():
            await self._refresh()
        if self._is_due() and self._failure is None and self._task is None:
            await self._refresh()  # `expire` was called while the first fetch was under way
        if self._reading is not None:
            return self._reading
        raise self._failure or BackendUnavailableError("the backend is too slow")

    def expire(self) -> None:
        """The value has changed: the next reader fetches it."""
        self._generation += 1
        self._tried_at = float("-inf")

    def _is_due(self) -> bool:
        return self._clock() - self._tried_at >= self._seconds

    async def _refresh(self) -> None:
        task = self._task
        if task is None:
            task = self._task = asyncio.create_task(self._try())
            task.add_done_callback(self._done)
        elif self._reading is not None and self._reading.stale:
            return  # one reader waited in vain already; the others need not
        # Readers may leave; the fetch goes on for the others.
        patience = self._patience if self._reading is not None else _FIRST_PATIENCE
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            self._mark_stale()

    async def _try(self) -> None:
        generation = self._generation
        try:
            value = await self._fetch()
        except BackendUnavailableError as error:
            self._failure = error
            self._mark_stale()
        except Exception as error:
            self._failure, self._reading = error, None
        else:
            if self._reading is not None and value == self._reading.value:
                value = self._reading.value
            self._reading = Reading(value, dt.datetime.now(dt.UTC), stale=False)
            self._failure = None
        if generation == self._generation:
            self._tried_at = self._clock()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()

    def _mark_stale(self) -> None:
        reading = self._reading
        if reading is not None and not reading.stale:
            self._reading = Reading(reading.value, reading.as_of, stale=True)
