"""A monitor through full disks, faults, restarts, and a clock that is set back."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from pathlib import Path

import pytest

from bonkei.blueprint.cloudwatch import Metric
from bonkei.services.cloudwatch.alarm.book import HistoryItem
from bonkei.services.cloudwatch.alarm.engine import AlarmError
from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.cloudwatch.metric.bucket import Bucket
from bonkei.services.cloudwatch.metric.disk import SqliteDisk
from bonkei.services.cloudwatch.metric.model import datum, metric_id
from bonkei.services.cloudwatch.metric.store import Kept
from tests.bonkei.services.cloudwatch.watched import M, T, World, alarm


def fill(world: World, pages: int) -> None:
    """From now on, the files take at most these pages; a new page is refused."""
    for connection in (world.monitor.book._connection, world.monitor.store._disk._connection):  # type: ignore[attr-defined]
        connection.execute(f"pragma max_page_count = {pages}")


async def test_an_alarm_acts_though_the_disk_is_full(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    await world.minute(10)
    fill(world, 1)
    for _ in range(40):  # until no page has space
        world.monitor.book.note(HistoryItem("cpu", world.now, "Action", "x" * 1000))
    assert [await world.minute(value) for value in (90, 90)] == ["OK", "ALARM"]
    assert world.acted[-1][2]["NewStateValue"] == "ALARM"
    notes = world.monitor.snapshot().notes
    assert notes == ("the alarms' states are not on disk: database or disk is full",)
    with pytest.raises(sqlite3.OperationalError):
        world.monitor.engine.make(alarm(name="made", description="x" * 9_000), world.now)
    assert [one.name for one in world.monitor.engine.alarms] == ["cpu"]
    world.now += 3600
    world.monitor.tick(world.now)  # old data is merged, which needs space, too

    fill(world, 100_000)
    world.monitor.tick(world.now + 3600)
    assert world.monitor.snapshot().notes == ()
    await world.monitor.stop()
    again = World(tmp_path, alarm())
    assert again.monitor.book.state("cpu").value is not State.OK
    said = [item.summary for item in again.monitor.book.history("cpu")]
    assert any("from OK to ALARM" in each for each in said)
    await again.monitor.stop()


async def test_metrics_that_a_full_disk_refuses_get_no_number_of_another_one(
    tmp_path: Path,
) -> None:
    disk = SqliteDisk(tmp_path / "metrics.sqlite")
    disk._connection.execute("pragma max_page_count = 1")
    bucket = Bucket()
    bucket.unit = "x" * 500
    for number in range(5):  # there is space for the name, but not for its data
        metric = metric_id("Own", str(number), {})
        disk.write([Kept(metric, 60, at, bucket) for at in range(0, 1200, 60)])
    known = set(disk.metrics())
    disk.close()
    again = SqliteDisk(tmp_path / "metrics.sqlite")
    assert set(again.metrics()) == known
    again.close()


async def test_a_minute_that_fails_is_reported_and_the_next_one_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, said, minutes = World(), list[str](), list[float]()
    monkeypatch.setattr(world.monitor, "_step", lambda: 0.01)
    over = asyncio.Event()

    def tick(now: float) -> None:
        minutes.append(now)
        if len(minutes) == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        over.set()

    monkeypatch.setattr(world.monitor, "tick", tick)
    asyncio.get_running_loop().set_exception_handler(lambda _, about: said.append(about["message"]))
    world.monitor.start()
    await asyncio.wait_for(over.wait(), 60)
    await world.monitor.stop()
    assert said == ["bonkei.services.cloudwatch: a minute: [Errno 24] Too many open files"]


async def test_a_new_alarm_with_periods_of_seconds_does_not_wait_for_the_minute() -> None:
    world = World()
    world.now += 9.9
    world.monitor.start()
    await asyncio.sleep(0)  # it waits for the end of the minute
    world.monitor.put(datum(M, world.now - 5, 90, "Percent"))
    seconds = Metric(M.namespace, M.name, M.dimensions, "Average", 10)
    quick = alarm(evaluation_periods=1, datapoints_to_alarm=1, metric=seconds)
    world.monitor.make(quick, world.now)
    async with asyncio.timeout(60):
        while world.monitor.book.state("cpu").value != "ALARM":
            await asyncio.sleep(0.01)
    await world.monitor.stop()


async def test_a_restart_announces_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    for value in (90, 90):
        await world.minute(value)
    world.monitor.store.flush()  # and the process is killed then
    again = World(tmp_path, alarm())
    again.now = world.now

    assert await again.minute(90) == "ALARM"
    assert not again.acted
    await again.monitor.stop()
    await world.monitor.stop()


async def test_a_clock_that_is_set_back_stops_no_writing(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    await world.minute(10)
    world.now -= 86_400
    await world.minute(20)
    disk = world.monitor.store._disk
    assert [kept.start for kept in disk.read(M, T - 86_400, T)], "not only at the end"
    await world.monitor.stop()


async def test_who_works_on_an_alarm_is_shown_until_it_is_ok(tmp_path: Path) -> None:
    world = World(tmp_path, alarm(treat_missing_data="missing"))
    with pytest.raises(AlarmError, match="cpu is INSUFFICIENT_DATA"):
        world.monitor.acknowledge("cpu", "Aiko")
    assert [await world.minute(value) for value in (90, 90)][-1] == "ALARM"
    world.monitor.acknowledge("cpu", "Aiko")
    acted = len(world.acted)
    with pytest.raises(AlarmError, match="1 to 80"):
        world.monitor.acknowledge("cpu", "x" * 81)
    await world.monitor.stop()

    again = World(tmp_path, alarm(treat_missing_data="missing"))
    again.now = world.now
    [shown] = again.monitor.snapshot().alarms
    assert (shown.acknowledged_by, shown.acknowledged_at) == ("Aiko", world.now)
    assert await again.minute(95) == "ALARM"
    assert again.monitor.snapshot().alarms[0].acknowledged_by == "Aiko"
    assert (len(world.acted), again.acted) == (acted, []), "no message comes of it"
    again.monitor.engine.set_state("cpu", State.INSUFFICIENT_DATA, "by hand", "", again.now)
    assert again.monitor.snapshot().alarms[0].acknowledged_by == "Aiko"
    assert [await again.minute(value) for value in (10, 10)][-1] == "OK"
    assert again.monitor.snapshot().alarms[0].acknowledged_by == ""
    await again.monitor.stop()
