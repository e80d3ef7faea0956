"""The end: parts stop in order, whatever has failed."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from bonkei.base.aws_service import AwsCall, Caller
from bonkei.miniature.home import MiniatureError
from tests.bonkei.miniature.doubles import World
from tests.bonkei.miniature.supervisor.subject import (
    Make,
    Subject,
    reached,
)

END = ["edge drains", "tasks stop", "edge stops", "database main stops", "cloud stops"]


async def test_parts_end_in_order_from_the_visitors_to_the_data(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    await subject.miniature.stop()
    assert subject.since(count) == END
    with pytest.raises(MiniatureError, match="no miniature runs here"):
        await subject.ask("status")


async def test_the_monitor_answers_until_the_last_program_has_ended(
    make: Make, world: World
) -> None:
    """A function may still ask for an alarm's history, and a task may put its last metrics."""
    subject = make()
    await subject.miniature.start()
    monitor = subject.miniature._assembly.monitor
    stopped = world.hold("tasks stop")
    stopping = asyncio.create_task(subject.miniature.stop())
    await reached(world, "tasks stop")
    caller = Caller("arn:aws:iam::1:user/me", "me", "1")
    call = AwsCall("cloudwatch", "DescribeAlarmHistory", {}, caller, "eu-west-1", 0.0)
    assert (await monitor.answers["cloudwatch"].answer(call))["AlarmHistoryItems"] == []
    stopped.set()
    await stopping
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await monitor.answers["cloudwatch"].answer(call)


@pytest.mark.parametrize(
    ("where", "end"),
    [
        ("edge starts", ["edge stops", "cloud stops"]),
        ("database main starts", END),
        ("installs app", END),
        ("runs migrate", END),
        ("services roll out", END),
    ],
)
async def test_it_ends_in_order_after_an_interruption_at_any_step(
    make: Make, world: World, where: str, end: list[str]
) -> None:
    world.hold(where)
    subject = make()
    starting = asyncio.create_task(subject.miniature.start())
    await reached(world, where)
    if where == "installs app":
        await reached(world, "database main starts")
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    count = len(world.done)
    await subject.miniature.stop()
    assert subject.since(count) == end


@pytest.mark.parametrize("broken", END)
async def test_a_failing_part_does_not_stop_the_others_from_ending(
    make: Make, world: World, broken: str
) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    world.failing[broken] = OSError("it broke")
    with pytest.raises(OSError, match="it broke"):
        await subject.miniature.stop()
    assert subject.since(count) == END


async def test_terraform_ends_at_its_next_report_after_a_stop(make: Make, world: World) -> None:
    """Terraform runs in a thread, and a thread cannot be cancelled."""
    begun, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(report: Callable[[str], None]) -> None:
        loop.call_soon_threadsafe(begun.set)
        try:
            while True:
                report("25 of 120 resources")
                time.sleep(0.005)
        finally:
            loop.call_soon_threadsafe(ended.set)

    world.on_apply = work
    subject = make()
    await _stop_while_terraform_works(subject, begun, ended)
    assert "edge starts" not in world.done


async def _stop_while_terraform_works(
    subject: Subject, begun: asyncio.Event, ended: asyncio.Event
) -> None:
    starting = asyncio.create_task(subject.miniature.start())
    await begun.wait()
    starting.cancel()
    await subject.miniature.stop()
    await asyncio.wait_for(ended.wait(), 120)
    with contextlib.suppress(asyncio.CancelledError, MiniatureError):
        await starting


async def test_a_stop_interrupts_a_terraform_that_says_nothing(make: Make, world: World) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(_report: Callable[[str], None]) -> None:
        loop.call_soon_threadsafe(begun.set)
        if world.interrupted.wait(60):
            loop.call_soon_threadsafe(ended.set)

    world.on_apply = work
    subject = make()
    await _stop_while_terraform_works(subject, begun, ended)


async def test_a_second_ctrl_c_waits_for_nothing_and_kills(make: Make, world: World) -> None:
    world.hold("edge drains")
    subject = make()
    await subject.miniature.start()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stubborn:
        world.pids = (stubborn.pid, 2**22 + 1)  # the second process has already ended
        stopping = asyncio.create_task(subject.miniature.stop())
        await reached(world, "edge drains")
        subject.miniature.hurry()
        await asyncio.wait_for(stopping, 60)
        assert stubborn.wait(60) == -9
    assert world.done[-len(END) :] == END


async def test_bonkei_down_asks_the_running_supervisor_to_stop(make: Make) -> None:
    subject = make()
    asked = asyncio.Event()
    subject.miniature.when_asked_to_stop(asked.set)
    await subject.miniature.start()
    await subject.ask("stop")
    assert asked.is_set()
