"""Calls of `bonkei fault`: what they take, and what they give back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bonkei.miniature.control.answering import Call
from bonkei.miniature.control.faults import ask_of, handlers
from bonkei.services.faults import Ask, FaultError, Faults
from tests.bonkei.services.faults.estates import MemoryHands


def test_a_call_becomes_what_is_asked_for() -> None:
    given = {"kind": "slow", "target": "web", "seconds": 5, "latency": None, "hold": True}
    assert ask_of(given) == Ask("slow", "web", 5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a kind and a target"),
        ({"kind": "melt", "target": "web"}, "kind cannot be 'melt'"),
        ({"kind": "kill", "target": 5}, "needs a kind and a target"),
        ({"kind": "kill", "target": "web", "seconds": "5"}, "seconds is a number"),
        ({"kind": "kill", "target": "web", "percent": 1.5}, "percent is a whole number"),
        ({"kind": "refuse", "target": "aws:s3", "refusal": "no"}, "refusal cannot be 'no'"),
        ({"kind": "fill", "target": "web", "what": "heart"}, "what cannot be 'heart'"),
    ],
)
def test_nonsense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultError) as error:
        ask_of(given)
    assert said in error.value.message


# The calls, with a rig in memory.


@dataclass
class Rig:
    faults: Faults
    drills: Any = None


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig(Faults(MemoryHands()))
    yield made
    await made.faults.stop()


async def test_a_fault_that_is_held_ends_with_its_caller(rig: Rig) -> None:
    calls = handlers(lambda: rig)  # type: ignore[arg-type,return-value]
    call = Call(lambda _: None, arguments={"kind": "slow", "target": "web", "hold": True})
    state = await calls["fault start"](call)
    [hung_up] = call.lent
    hung_up()
    async with asyncio.timeout(60):
        while (listed := await calls["faults"](Call(lambda _: None)))["active"]:
            await asyncio.sleep(0.01)
    assert listed["past"][0]["id"] == state["id"]
    assert listed["past"][0]["ended"] == "who asked for it has gone"
    hung_up()  # it has ended already
    await asyncio.sleep(0.01)


async def test_a_fault_that_nobody_holds_stays(rig: Rig) -> None:
    calls = handlers(lambda: rig)  # type: ignore[arg-type,return-value]
    call = Call(lambda _: None, arguments={"kind": "slow", "target": "web"})
    await calls["fault start"](call)
    assert call.lent == []
    [ended] = await calls["fault end"](Call(lambda _: None))
    assert ended["ended"] == "ended by hand"
    with pytest.raises(FaultError, match="there is no fault f7"):
        await calls["fault end"](Call(lambda _: None, arguments={"id": "f7"}))
