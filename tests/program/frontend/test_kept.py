"""The last good answer: fetched once for many readers, and shown when there is no newer one."""

from __future__ import annotations

import asyncio

import pytest
from frontend.api.error import BackendRefusedError, BackendUnavailableError
from frontend.api.kept import Kept


class Source:
    """Returns `value` (or raises it) once `gate` is open, and counts the calls."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> object:
        self.asked += 1
        value = self.value
        await self.gate.wait()
        if isinstance(value, Exception):
            raise value
        return value


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_simultaneous_readers_cause_one_fetch() -> None:
    source, clock = Source("a"), Clock()
    source.gate.clear()
    kept: Kept[object] = Kept(source, seconds=1, clock=clock)
    readers = [asyncio.create_task(kept.read()) for _ in range(100)]
    await _settled()
    source.gate.set()
    readings = await asyncio.gather(*readers)
    assert source.asked == 1
    assert {reading.value for reading in readings} == {"a"}
    await kept.read()
    assert source.asked == 1
    clock.now += 1
    await kept.read()
    assert source.asked == 2


async def test_an_equal_value_keeps_its_identity() -> None:
    source, clock = Source(("a", 1)), Clock()
    kept: Kept[object] = Kept(source, seconds=1, clock=clock)
    first = (await kept.read()).value
    source.value = ("a", int("1"))
    clock.now += 2
    assert (await kept.read()).value is first


async def test_the_last_good_value_survives_an_outage_and_is_marked() -> None:
    source, clock = Source("good"), Clock()
    kept: Kept[object] = Kept(source, seconds=1, clock=clock)
    good = await kept.read()
    assert (good.stale, good.known_as_of) == (False, None)
    source.value = BackendUnavailableError("down")
    for _ in range(5):
        clock.now += 0.4
        old = await kept.read()
    assert (old.value, old.stale, old.known_as_of) == ("good", True, good.as_of)
    assert source.asked == 2  # not once for each reader
    source.value = "better"
    clock.now += 1
    new = await kept.read()
    assert (new.value, new.stale) == ("better", False)


async def test_a_slow_backend_delays_a_reader_once() -> None:
    source, clock = Source("good"), Clock()
    kept: Kept[object] = Kept(source, seconds=1, patience=0.01, clock=clock)
    await kept.read()
    source.gate.clear()
    clock.now += 2
    assert (await kept.read()).stale
    assert (await kept.read()).stale
    assert source.asked == 2
    source.gate.set()
    await _settled()
    assert not (await kept.read()).stale


async def test_without_any_value_the_error_is_kept_for_a_while() -> None:
    source, clock = Source(BackendUnavailableError("down")), Clock()
    kept: Kept[object] = Kept(source, seconds=1, clock=clock)
    for _ in range(3):
        with pytest.raises(BackendUnavailableError):
            await kept.read()
    assert source.asked == 1


async def test_a_deleted_value_is_not_kept() -> None:
    source, clock = Source("here"), Clock()
    kept: Kept[object] = Kept(source, seconds=1, clock=clock)
    await kept.read()
    source.value = BackendRefusedError(404, "gone")
    clock.now += 1
    with pytest.raises(BackendRefusedError):
        await kept.read()


async def test_a_value_that_expires_during_its_fetch_is_fetched_again() -> None:
    source, clock = Source("before"), Clock()
    source.gate.clear()
    kept: Kept[object] = Kept(source, seconds=60, clock=clock)
    reader = asyncio.create_task(kept.read())
    await _settled()
    source.value = "after"
    kept.expire()
    source.gate.set()
    assert (await reader).value == "after"
    assert (await kept.read()).value == "after"
    assert source.asked == 2


async def test_a_reader_that_leaves_does_not_end_the_fetch() -> None:
    source = Source("a")
    source.gate.clear()
    kept: Kept[object] = Kept(source, seconds=1)
    leaving, staying = asyncio.create_task(kept.read()), asyncio.create_task(kept.read())
    await _settled()
    leaving.cancel()
    source.gate.set()
    assert (await staying).value == "a"
    assert source.asked == 1
