"""One timer for the time-outs of many connections."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bonkei.services.edge.http.deadlines import INTERVAL, NEVER, Deadlines


class Watched:
    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.times = 0

    def expired(self, now: float) -> None:
        self.times += 1


class Broken(Watched):
    def expired(self, now: float) -> None:
        super().expired(now)
        raise RuntimeError("a mistake")


async def test_an_error_in_a_time_out_does_not_stop_the_others() -> None:
    loop = asyncio.get_running_loop()
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    deadlines = Deadlines(loop)
    try:
        now = loop.time()
        broken, others, never = Broken(now), [Watched(now) for _ in range(9)], Watched(NEVER)
        for each in (*others, broken, never):
            deadlines.watch(each)
        async with asyncio.timeout(60):
            while not (broken.times and all(each.times for each in others)):
                await asyncio.sleep(INTERVAL)
        assert [each.times for each in (broken, never, *others)] == [1, 0, *[1] * 9]
        assert [str(each["exception"]) for each in told] == ["a mistake"]
    finally:
        deadlines.close()


async def test_nothing_is_swept_while_nothing_is_watched() -> None:
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop)
    try:
        begun = deadlines.coarse
        for _ in range(2):  # also after it has slept
            await asyncio.sleep(2 * INTERVAL)
            assert deadlines.coarse == begun
            watched = Watched(loop.time())
            deadlines.watch(watched)
            assert deadlines.coarse > begun
            while not watched.times:
                await asyncio.sleep(INTERVAL / 10)
            deadlines.forget(watched)
            await asyncio.sleep(2 * INTERVAL)
            begun = deadlines.coarse
    finally:
        deadlines.close()


async def test_a_standstill_of_the_process_is_nobodys_delay() -> None:
    """What came meanwhile is still unread when the sweep comes."""
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop)
    try:
        watched, never = Watched(loop.time() + 3 * INTERVAL), Watched(NEVER)
        for each in (watched, never):
            deadlines.watch(each)
        before = deadlines.coarse
        time.sleep(4 * INTERVAL)  # nothing else may run
        async with asyncio.timeout(60):
            while deadlines.coarse == before:
                await asyncio.sleep(0)
            assert watched.times == 0
            while not watched.times:
                await asyncio.sleep(INTERVAL / 10)
        assert never.times == 0
    finally:
        deadlines.close()
