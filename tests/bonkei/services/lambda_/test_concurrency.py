"""The limits of simultaneous calls, and the turns of those who wait for them."""

from __future__ import annotations

import asyncio

import pytest

from bonkei.services.lambda_.concurrency import Concurrency


async def queue(concurrency: Concurrency, *arns: str) -> tuple[list[str], list[asyncio.Task[None]]]:
    """Those who have a place, in order; and all tasks."""
    entered: list[str] = []

    async def enter(arn: str, number: int) -> None:
        await concurrency.wait(arn)
        entered.append(f"{arn}{number}")

    tasks = [asyncio.create_task(enter(arn, number)) for number, arn in enumerate(arns)]
    await asyncio.sleep(0)
    return entered, tasks


async def test_each_limit_has_its_own_queue_in_order() -> None:
    concurrency = Concurrency(3)
    concurrency.reserve({"own": 1})
    entered, tasks = await queue(concurrency, "a", "own", "own", "b", "a", "b")
    assert entered == ["a0", "own1", "b3"]
    tasks[4].cancel()
    concurrency.give_back("own")
    concurrency.give_back("b")
    await asyncio.gather(*tasks, return_exceptions=True)
    assert entered == ["a0", "own1", "b3", "own2", "b5"]
    assert dict(concurrency.busy) == {"a": 1, "own": 1, "b": 1}


async def test_a_new_reservation_lets_those_in_who_have_waited_longest() -> None:
    concurrency = Concurrency(1)
    entered, tasks = await queue(concurrency, "a", "a", "b", "a")
    assert entered == ["a0"]
    concurrency.reserve({"a": 2})
    await asyncio.sleep(0)
    assert entered == ["a0", "a1", "b2"]
    concurrency.give_back("a")
    await asyncio.gather(*tasks)
    assert entered[-1] == "a3"


async def test_a_place_costs_the_same_however_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    concurrency, refusal, asked = Concurrency(1), Concurrency.refusal, list[str]()

    def counted(self: Concurrency, arn: str) -> str:
        asked.append(arn)
        return refusal(self, arn)

    monkeypatch.setattr(Concurrency, "refusal", counted)
    entered, tasks = await queue(concurrency, *["a"] * 500)
    for _ in range(500):
        concurrency.give_back("a")
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert len(entered) == 500
    assert len(asked) < 2_000
