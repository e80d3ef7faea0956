"""Faults begin, last and end, by a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bonkei.services.faults import Ask, FaultError, Faults
from bonkei.services.faults.effects import NOTHING
from bonkei.services.faults.values import TaskThing
from tests.bonkei.services.faults.estates import WEB, MemoryHands, estate


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hands() -> MemoryHands:
    return MemoryHands()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
async def faults(hands: MemoryHands, clock: Clock, said: list[str]) -> AsyncIterator[Faults]:
    made = Faults(hands, said.append, clock, lambda: 1_000.0)
    yield made
    await made.stop()
    assert hands.closed
    assert hands.effects == NOTHING


async def settled(faults: Faults) -> None:
    faults.wake()
    for _ in range(20):
        await asyncio.sleep(0)


async def test_it_ends_by_itself(faults: Faults, hands: MemoryHands, clock: Clock) -> None:
    await faults.begin(Ask("slow", "web", 5.0))
    clock.now = 104.9
    await settled(faults)
    assert hands.effects.tasks
    clock.now = 105.0
    await settled(faults)
    assert hands.effects == NOTHING
    [past] = faults.snapshot().past
    assert (past.ended, past.seconds) == ("its time is over", 5.0)


async def test_the_timer_alone_wakes_it(hands: MemoryHands) -> None:
    faults = Faults(hands)
    await faults.begin(Ask("slow", "web", 1.0))
    faults._set_timer(faults._clock() + 0.01)
    begun = asyncio.get_running_loop().time()
    while hands.effects != NOTHING:
        assert asyncio.get_running_loop().time() - begun < 60
        await asyncio.sleep(0.01)
    await faults.stop()


async def test_what_two_freeze_stays_frozen_until_the_last_ends(
    faults: Faults, hands: MemoryHands, clock: Clock
) -> None:
    await faults.begin(Ask("freeze", "web", 5.0))
    await faults.begin(Ask("freeze", "aaaa0001", 10.0))
    clock.now = 106.0
    await settled(faults)
    assert hands.effects.frozen_tasks == {"aaaa0001"}
    clock.now = 110.0
    await settled(faults)
    assert hands.effects == NOTHING


async def test_ended_by_hand(faults: Faults, hands: MemoryHands, clock: Clock) -> None:
    state = await faults.begin(Ask("slow", "web"))
    clock.now = 103.0
    ended = await faults.end(state.id)
    assert hands.effects == NOTHING
    assert (ended.seconds, ended.left, ended.ended) == (3.0, 0.0, "ended by hand")
    with pytest.raises(FaultError, match="there is no fault f1"):
        await faults.end(state.id)


async def test_a_wrong_id_names_those_that_last(faults: Faults) -> None:
    await faults.begin(Ask("slow", "web"))
    with pytest.raises(FaultError) as error:
        await faults.end("f9")
    assert "f1 (slow service:app-web 500 ms)" in error.value.remedy


async def test_all_at_once(faults: Faults, hands: MemoryHands) -> None:
    await faults.begin(Ask("slow", "web"))
    await faults.begin(Ask("freeze", "api"))
    assert [one.id for one in await faults.end_all()] == ["f1", "f2"]
    assert hands.effects == NOTHING


async def test_a_kill_is_done_once_and_is_over(faults: Faults, hands: MemoryHands) -> None:
    state = await faults.begin(Ask("kill", "web"))
    assert hands.killed == ["aaaa0001", "aaaa0002"]
    assert state.ended == "it was a moment"
    assert faults.snapshot().active == ()
    await settled(faults)
    assert len(hands.killed) == 2


async def test_a_lasting_kill_hits_each_that_comes_once(
    faults: Faults, hands: MemoryHands, clock: Clock
) -> None:
    await faults.begin(Ask("kill", "web", 10.0))
    hands.now = estate(TaskThing("new", "app-web", (WEB,)))
    await settled(faults)
    await settled(faults)
    assert hands.killed == ["aaaa0001", "aaaa0002", "new"]
    clock.now = 110.0
    hands.now = estate(TaskThing("newer", "app-web", (WEB,)))
    await settled(faults)
    assert "newer" not in hands.killed


async def test_what_cannot_begin_leaves_nothing(faults: Faults, hands: MemoryHands) -> None:
    await faults.begin(Ask("slow", "web"))
    hands.failing = [FaultError("the port is taken")]
    with pytest.raises(FaultError, match="the port is taken"):
        await faults.begin(Ask("fill", "api"))
    assert hands.effects.fillings == ()
    assert set(hands.effects.tasks) == {"aaaa0001", "aaaa0002"}
    assert [one.kind for one in faults.snapshot().active] == ["slow"]
    assert faults.snapshot().past == ()


@pytest.mark.parametrize("problem", [FaultError("it clings"), OSError("it clings")])
async def test_what_cannot_be_undone_is_tried_again(
    faults: Faults, hands: MemoryHands, clock: Clock, said: list[str], problem: Exception
) -> None:
    await faults.begin(Ask("slow", "web", 5.0))
    clock.now = 105.0
    hands.failing = [problem]
    await settled(faults)
    assert "a fault cannot be carried out: it clings" in said
    await settled(faults)
    assert hands.effects == NOTHING


async def test_the_log_has_each_begin_and_end(faults: Faults, said: list[str]) -> None:
    await faults.begin(Ask("slow", "web", 5.0))
    await faults.end("f1")
    assert said == [
        "fault f1 begins: slow service:app-web 500 ms for 5 s",
        "fault f1 ends: slow service:app-web 500 ms: ended by hand",
    ]


async def test_none_begins_after_the_stop(hands: MemoryHands) -> None:
    faults = Faults(hands)
    await faults.begin(Ask("freeze", "web"))
    await faults.stop()
    assert hands.effects == NOTHING
    with pytest.raises(FaultError, match="stopping"):
        await faults.begin(Ask("freeze", "web"))


async def test_it_names_those_that_it_hits_now(faults: Faults, hands: MemoryHands) -> None:
    await faults.begin(Ask("slow", "web"))
    hands.now = estate(TaskThing("new", "app-web", (WEB,)))
    await settled(faults)
    assert faults.snapshot().active[0].touches == ("app-web new",)
    hands.now = estate(TaskThing("other", "app-api"))
    await settled(faults)
    assert faults.snapshot().active[0].touches == ("app-web new",)  # still named


async def test_who_has_gone_is_not_hit_any_more(faults: Faults, hands: MemoryHands) -> None:
    await faults.begin(Ask("freeze", "aaaa0001"))
    hands.now = estate(TaskThing("other", "app-web", (WEB,)))
    await settled(faults)
    assert hands.effects.frozen_tasks == frozenset()
    assert len(faults.snapshot().active) == 1
