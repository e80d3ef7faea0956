"""The live side: computed once, only while a page is open, and without a queue."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bonkei.services.console.feed import MOST_LOOKS, MOST_TOPICS, Feed, Look
from bonkei.services.console.values import LONGEST_STATE, ConsoleError, Json


class Ticks:
    """A sleep that ends when the test says so."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._next = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        event = self._next
        await event.wait()

    async def tick(self) -> None:
        event, self._next = self._next, asyncio.Event()
        event.set()
        for _ in range(4):
            await asyncio.sleep(0)


class Counter:
    """A topic that changes each time, or says what it is given."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, query: Mapping[str, str]) -> Json:
        self.asked += 1
        return {"n": self.asked, **query}


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def feed_of(ticks: Ticks, on_fault: Callable[..., None] = lambda *_: None, **topics: Any) -> Feed:
    return Feed(topics, on_fault, ticks.sleep)


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def read(look: Look) -> dict[str, Any]:
    news = [json.loads(one) for one in await asyncio.wait_for(look.news(), 60)]
    return {one["topic"]: one.get("data", one) for one in news}


async def test_a_topic_is_computed_once_for_all_that_look(ticks: Ticks) -> None:
    counter = Counter()
    feed = feed_of(ticks, tasks=counter)
    looks = [feed.look(["tasks"]) for _ in range(5)]
    assert [await read(look) for look in looks] == [{"tasks": {"n": 1}}] * 5
    await ticks.tick()
    assert [await read(look) for look in looks] == [{"tasks": {"n": 2}}] * 5
    assert counter.asked == 2
    feed.stop()


async def test_nothing_is_computed_while_no_page_is_open(ticks: Ticks) -> None:
    counter = Counter()
    feed = feed_of(ticks, tasks=counter)
    look = feed.look(["tasks"])
    await read(look)
    look.close()
    look.close()
    asked = counter.asked
    for _ in range(5):
        await ticks.tick()
    assert (counter.asked, feed.looks, feed.channels) == (asked, 0, 0)


async def test_a_slow_browser_gets_the_newest_state_only(ticks: Ticks) -> None:
    feed = feed_of(ticks, tasks=Counter(), data=Counter())
    slow = feed.look(["tasks", "data"])
    for _ in range(100):
        await ticks.tick()
    found = await read(slow)
    assert found == {"tasks": {"n": 101}, "data": {"n": 101}} or found["tasks"]["n"] >= 100
    feed.stop()


async def test_a_state_that_has_not_changed_is_not_sent(ticks: Ticks) -> None:
    async def still(_: Mapping[str, str]) -> Json:
        return {"the": "same"}

    feed = feed_of(ticks, tasks=still)
    look = feed.look(["tasks"])
    await read(look)
    await ticks.tick()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(look.news(), 0.05)
    feed.stop()


async def test_a_query_is_a_topic_of_its_own(ticks: Ticks) -> None:
    feed = feed_of(ticks, tasks=Counter())
    look = feed.look(["tasks?id=a%20b", "tasks"])
    await settled()
    found = await read(look)
    assert found["tasks?id=a%20b"]["id"] == "a b"
    assert "id" not in found["tasks"]
    feed.stop()


async def test_requests_come_four_times_a_second(ticks: Ticks) -> None:
    feed = feed_of(ticks, **{"requests": Counter(), "requests.one": Counter(), "tasks": Counter()})
    feed.look(["requests"])
    feed.look(["requests.one"])
    feed.look(["tasks"])
    await settled()
    assert sorted(ticks.slept) == [0.25, 0.25, 1.0]
    feed.stop()


async def test_a_fault_in_one_topic_leaves_the_others(ticks: Ticks) -> None:
    faults: list[str] = []

    async def broken(_: Mapping[str, str]) -> Json:
        raise ZeroDivisionError

    async def refuses(_: Mapping[str, str]) -> Json:
        raise ConsoleError("not yet", remedy="wait")

    async def huge(_: Mapping[str, str]) -> Json:
        return "x" * LONGEST_STATE

    def hear(key: str, _: Exception) -> None:
        faults.append(key)

    feed = feed_of(ticks, hear, broken=broken, refuses=refuses, huge=huge, tasks=Counter())
    look = feed.look(["broken", "refuses", "huge", "tasks", "none"])
    await settled()
    found = await read(look)
    assert found["tasks"] == {"n": 1}
    assert (found["refuses"]["error"], found["refuses"]["remedy"]) == ("not yet", "wait")
    assert "ZeroDivisionError" in found["broken"]["error"]
    assert "too much" in found["huge"]["error"]
    assert "no topic" in found["none"]["error"]
    assert faults == ["broken"]
    feed.stop()


async def test_there_are_only_so_many_looks_and_topics(ticks: Ticks) -> None:
    feed = feed_of(ticks, tasks=Counter())
    with pytest.raises(ConsoleError):
        feed.look([f"tasks?n={n}" for n in range(MOST_TOPICS + 1)])
    for _ in range(MOST_LOOKS):
        feed.look(["tasks"])
    with pytest.raises(ConsoleError):
        feed.look(["tasks"])
    assert feed.looks == MOST_LOOKS
    feed.stop()
    await asyncio.sleep(0)
    assert feed.looks == 0


async def test_a_day_of_updates_does_not_grow() -> None:
    """86,400 ticks with one browser that reads and one that has stopped reading."""

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    counter = Counter()
    feed = Feed({"tasks": counter}, lambda *_: None, at_once)
    reader, stuck = feed.look(["tasks"]), feed.look(["tasks"])

    async def hours(n: int) -> None:
        for _ in range(n * 3600):
            await reader.news()

    await hours(1)
    tracemalloc.start()
    try:
        await hours(1)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await hours(20)
        tracemalloc.start()
        await hours(2)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert counter.asked >= 24 * 3600
    assert after < before + 20_000
    [newest] = await stuck.news()  # at once: no tick comes between
    assert json.loads(newest)["data"] == {"n": counter.asked}
    feed.stop()
