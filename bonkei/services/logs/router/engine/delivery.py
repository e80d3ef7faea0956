"""One output's queue of chunks, in order. Failed deliveries are repeated after growing waits.

Source: "Scheduling and retries" (administration/scheduling-and-retries): a wait is between
`scheduler.base` and min(base * 2^n, `scheduler.cap`) seconds.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bonkei.services.logs.router.engine.chunks import Chunk
from bonkei.services.logs.router.outputs import Output, Result
from bonkei.services.logs.router.pipeline import Route

Report = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """`limit`: tries after the first one; None for no limit. Times are in seconds."""

    limit: int | None = 1
    base: float = 5.0
    cap: float = 2000.0

    def wait(self, attempt: int) -> float:
        top = min(self.base * 2.0**attempt, self.cap)
        return random.uniform(min(self.base, top), top)  # noqa: S311 - spread only


@dataclass(slots=True)
class Counts:
    """Numbers of records."""

    delivered: int = 0
    retries: int = 0
    dropped: int = 0


@dataclass(slots=True)
class Delivery:
    """`release` is called when this output is done with a chunk."""

    number: int
    route: Route
    output: Output
    plan: RetryPlan
    release: Callable[[int, Chunk], None]
    report: Report
    limit: int = 0  # bytes of chunks that wait; 0: without one
    counts: Counts = field(default_factory=Counts)
    _ready: deque[tuple[Chunk, int]] = field(default_factory=deque)
    _later: dict[int, tuple[asyncio.TimerHandle, Chunk, int]] = field(default_factory=dict)
    _job: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return f"{self.route.section.name}.{self.number}"

    @property
    def waiting(self) -> int:
        return len(self._ready) + len(self._later) + (self._job is not None)

    def add(self, chunk: Chunk) -> None:
        self._ready.append((chunk, 0))
        self._hold_limit()
        self._go()

    def _hold_limit(self) -> None:
        """`storage.total_limit_size`: drop the oldest chunks first."""
        if not self.limit:
            return
        held = [entry[1] for entry in self._later.values()] + [chunk for chunk, _ in self._ready]
        total = sum(chunk.size for chunk in held)
        while total > self.limit and len(held) > 1:
            chunk = held.pop(0)
            total -= chunk.size
            self._forget(chunk)
            self.report("error", f"{self.name}: storage.total_limit_size: {chunk.size} bytes lost")
            self._drop(chunk)

    def _forget(self, chunk: Chunk) -> None:
        for key, (timer, found, _) in tuple(self._later.items()):
            if found is chunk:
                timer.cancel()
                del self._later[key]
        self._ready = deque(entry for entry in self._ready if entry[0] is not chunk)

    def _drop(self, chunk: Chunk) -> None:
        self.counts.dropped += len(chunk.load())
        self.release(self.number, chunk)

    def _go(self) -> None:
        if self._job is None and self._ready:
            self._job = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._ready:
                chunk, attempt = self._ready.popleft()
                await self._try(chunk, attempt)
        finally:
            self._job = None

    async def _try(self, chunk: Chunk, attempt: int) -> None:
        try:
            events = self.route.select(chunk.load())
            result = await self.output.deliver(chunk.tag, events) if events else Result.OK
        except Exception as error:
            self.report("error", f"{self.name}: {type(error).__name__}: {error}")
            result, events = Result.RETRY, ()
        if result is Result.OK:
            self.counts.delivered += len(events)
            self.release(self.number, chunk)
        elif result is Result.ERROR:
            self._drop(chunk)
        elif self.plan.limit is not None and attempt >= self.plan.limit:
            self.report("error", f"{self.name}: a chunk is given up after {attempt} retries")
            self._drop(chunk)
        else:
            self._again(chunk, attempt + 1)

    def _again(self, chunk: Chunk, attempt: int) -> None:
        self.counts.retries += 1
        chunk.put_down()
        wait = self.plan.wait(attempt)
        timer = asyncio.get_running_loop().call_later(wait, self._due, id(chunk))
        self._later[id(chunk)] = (timer, chunk, attempt)

    def _due(self, key: int) -> None:
        _, chunk, attempt = self._later.pop(key)
        self._ready.append((chunk, attempt))
        self._go()

    def hurry(self) -> None:
        """At the end: try the waiting chunks now, and then every second."""
        for key, (timer, _, _) in tuple(self._later.items()):
            timer.cancel()
            self._due(key)

    async def stop(self) -> None:
        for timer, _, _ in self._later.values():
            timer.cancel()
        if self._job is not None:
            self._job.cancel()
            await asyncio.gather(self._job, return_exceptions=True)
