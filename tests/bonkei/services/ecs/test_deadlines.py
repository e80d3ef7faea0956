"""The clock of the tasks: no deadline is forgotten."""

from __future__ import annotations

import asyncio
import time


class Due:
    """A scheduler with one thing to do at one time."""

    def __init__(self) -> None:
        self.at = 0.0
        self.ticks: list[float] = []

    def deadline(self, now: float) -> float | None:
        return self.at if self.at > now else None

    def tick(self, now: float) -> list[None]:
        self.ticks.append(now)
        return []


async def test_a_deadline_that_passes_during_a_decision_is_noticed(tasks):
    scheduler = tasks._scheduler = Due()

    def decide_slowly(_: float) -> list[None]:
        scheduler.at = time.monotonic() + 0.01
        while time.monotonic() <= scheduler.at:
            pass
        return []

    tasks._submit(decide_slowly)
    async with asyncio.timeout(60):
        while not scheduler.ticks:
            await asyncio.sleep(0.01)
    assert len(scheduler.ticks) == 1
