"""The clock of the tasks: no deadline is forgotten."""

from __future__ import annotations

import asyncio
import time


class Due:
    """A scheduler with one thing to do at one time."""

    def __init__(self, at: float) -> None:
        self._at = at
        self.ticks: list[float] = []

    def deadline(self, now: float) -> float | None:
        return self._at if self._at > now else None

    def tick(self, now: float) -> list[None]:
        self.ticks.append(now)
        return []


async def test_a_deadline_that_passes_during_a_decision_is_noticed(tasks):
    at = time.monotonic() + 0.05
    scheduler = tasks._scheduler = Due(at)

    def decide_slowly(_: float) -> list[None]:
        while time.monotonic() <= at:
            pass
        return []

    tasks._submit(decide_slowly)
    async with asyncio.timeout(60):
        while not scheduler.ticks:
            await asyncio.sleep(0.01)
    assert len(scheduler.ticks) == 1
