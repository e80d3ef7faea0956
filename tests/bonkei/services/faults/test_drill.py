"""A drill runs, is heard, is broken off: nothing of it stays."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest
from aiohttp import web

from bonkei.base.errors import BonkeiError
from bonkei.services.faults import Ask, FaultError, Faults
from bonkei.services.faults.drill.load import LoadProcess
from bonkei.services.faults.drill.report import Second
from bonkei.services.faults.drill.running import Drill
from bonkei.services.faults.drill.scenario import Load, PlannedFault, Scenario
from bonkei.services.faults.effects import NOTHING
from tests.bonkei.services.faults.estates import MemoryHands

SCENARIO = Scenario(
    "a drill",
    2.0,
    Load(),
    (PlannedFault(0.0, Ask("slow", "web", 60.0)), PlannedFault(0.0, Ask("kill", "nobody"))),
    alarm_period=3.0,
)


@dataclass
class MemoryAlarms:
    now: dict[str, float] = field(default_factory=dict)
    paces: list[float | None] = field(default_factory=list)

    def ringing(self) -> dict[str, float]:
        return self.now

    def begin(self, seconds: float | None) -> None:
        self.paces.append(seconds)

    def end(self) -> None:
        self.paces.append(None)


@dataclass
class MemoryLoad:
    """Gives its seconds, then waits until it may end."""

    seconds: int = 2
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    problem: BonkeiError | None = None

    async def run(self, begun: Callable[[float], None], second: Callable[[Second], None]) -> None:
        begun(1_000.0)
        for number in range(self.seconds):
            second(Second(number, 10, {"200": 10}, {}, {50: 10}))
        if self.problem is not None:
            raise self.problem
        await self.may_end.wait()


@dataclass
class Drilled:
    hands: MemoryHands
    faults: Faults
    alarms: MemoryAlarms
    load: MemoryLoad
    drill: Drill

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not what():
                await asyncio.sleep(0.01)


@pytest.fixture
async def drilled() -> AsyncIterator[Drilled]:
    hands, alarms, load = MemoryHands(), MemoryAlarms(), MemoryLoad()
    faults = Faults(hands, unix=lambda: 1_001.0)
    drill = Drill(SCENARIO, faults, load, alarms, lambda: 1_001.0)
    yield Drilled(hands, faults, alarms, load, drill)
    await faults.stop()


async def test_it_strikes_and_leaves_nothing(drilled: Drilled) -> None:
    task = asyncio.create_task(drilled.drill.run())
    await drilled.until(lambda: len(drilled.drill.report().faults) == 2)
    assert drilled.hands.effects.tasks
    assert not drilled.drill.is_over
    drilled.load.may_end.set()
    await task
    assert drilled.drill.is_over
    assert drilled.hands.effects == NOTHING
    assert drilled.alarms.paces == [3.0, None]
    slow, nobody = drilled.drill.report().faults
    assert (slow.words, slow.begins) == ("slow service:app-web 500 ms", 1.0)
    assert "there is no target nobody" in nobody.problem
    assert drilled.drill.snapshot()["series"][0][:3] == [0, 10, 0]


async def test_a_fault_of_another_person_stays(drilled: Drilled) -> None:
    await drilled.faults.begin(Ask("freeze", "api"))
    drilled.load.may_end.set()
    await drilled.drill.run()
    assert drilled.hands.effects.frozen_tasks == {"bbbb0001"}


async def test_broken_off_it_reports_what_it_has(drilled: Drilled) -> None:
    task = asyncio.create_task(drilled.drill.run())
    await drilled.until(lambda: len(drilled.drill.report().faults) == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert drilled.hands.effects == NOTHING
    report = drilled.drill.report()
    assert (report.broken_off, report.phases[-1].requests) == ("it was ended by hand", 20)
    assert drilled.alarms.paces == [3.0, None]


async def test_a_load_that_fails_ends_it(drilled: Drilled) -> None:
    drilled.load.problem = FaultError("the load could not be sent: no")
    with pytest.raises(FaultError):
        await drilled.drill.run()
    assert drilled.hands.effects == NOTHING
    assert drilled.drill.snapshot()["report"]["broken_off"] == "the load could not be sent: no"


async def test_only_what_rings_after_the_first_fault_counts(
    drilled: Drilled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.services.faults.drill.running._LOOK", 0.01)
    drilled.alarms.now = {"old": 900.0}
    task = asyncio.create_task(drilled.drill.run())
    await drilled.until(lambda: len(drilled.drill.report().faults) == 2)
    drilled.alarms.now = {"old": 900.0, "new": 1_001.0}
    await drilled.until(lambda: bool(drilled.drill.report().alarms))
    drilled.alarms.now = {}
    await drilled.until(lambda: drilled.drill.report().alarms[0].ok is not None)
    drilled.alarms.now = {"old": 1_002.0}  # it had come to rest, and rings again
    await drilled.until(lambda: len(drilled.drill.report().alarms) == 2)
    drilled.load.may_end.set()
    await task
    assert [one.name for one in drilled.drill.report().alarms] == ["new", "old"]


# The program that sends the load.


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """/ok answers, /bad fails, /never waits, /cut hangs up."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/never":
            await asyncio.sleep(600)
        if request.path == "/cut":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=503 if request.path == "/bad" else 200, text="x")

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    made = web.TCPSite(runner, "127.0.0.1", 0)
    await made.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def sent(url: str, *paths: str, seconds: float = 2.0, timeout: float = 60.0) -> list[Second]:
    found: list[Second] = []
    begun: list[float] = []
    load = LoadProcess(Load(paths, 20.0, timeout), url, seconds)
    await load.run(begun.append, found.append)
    assert len(begun) == 1
    return found


def together(seconds: list[Second], what: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for second in seconds:
        for key, count in getattr(second, what).items():
            found[key] = found.get(key, 0) + count
    return found


async def test_each_request_is_counted_once(site: str) -> None:
    found = await sent(site, "/ok", "/bad", "/ok", "/cut")
    assert [one.number for one in found] == [0, 1]
    assert sum(one.sent for one in found) == 40
    assert together(found, "answers") == {"200": 20, "503": 10}
    assert together(found, "failed") == {"503": 10, "the connection was cut": 10}
    assert sum(together(found, "latency").values()) == 20


async def test_an_answer_that_does_not_come_in_time(site: str) -> None:
    found = await sent(site, "/never", seconds=1.0, timeout=0.5)
    assert together(found, "failed") == {"no answer in time": 20}
    assert together(found, "latency") == {}


async def test_nothing_listens() -> None:
    found = await sent("http://127.0.0.1:9", "/", seconds=1.0)
    assert together(found, "failed") == {"no connection": 20}


async def test_ended_early_it_gives_what_it_has(site: str) -> None:
    found: list[Second] = []
    started = asyncio.Event()
    load = LoadProcess(Load(("/ok",), 50.0, 5.0), site, 60.0)
    task = asyncio.create_task(load.run(lambda _: started.set(), found.append))
    await started.wait()
    async with asyncio.timeout(60):
        while not found:
            await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sum(one.sent for one in found) > 30
    assert children() == []


async def test_a_killed_sender_is_said(site: str) -> None:
    load = LoadProcess(Load(("/ok",), 5.0, 5.0), site, 60.0)
    started = asyncio.Event()
    task: Any = asyncio.create_task(load.run(lambda _: started.set(), lambda _: None))
    await started.wait()
    [child] = children()
    os.kill(child, signal.SIGTERM)  # it does not heed this
    os.kill(child, signal.SIGKILL)
    with pytest.raises(FaultError, match="could not be sent"):
        await task


def children() -> list[int]:
    found = []
    for one in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # another test's process, which ends
            if any(word.endswith("requests.py") for word in one.cmdline()):
                found.append(one.pid)
    return found
