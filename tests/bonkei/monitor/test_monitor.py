"""Alarms over time: a test sets the clock and reads the results."""

from __future__ import annotations

import asyncio
import errno
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.alarm import Alarm, CompositeAlarm, Metric, MetricQuery
from bonkei.blueprint.log_group import MetricFilter
from bonkei.errors import BonkeiError
from bonkei.events import AlarmStateChanged, Bus, LogEvent, LogEventsIngested
from bonkei.monitor.alarm.book import HistoryItem
from bonkei.monitor.alarm.evaluation import State
from bonkei.monitor.metric.bucket import Bucket
from bonkei.monitor.metric.disk import SqliteDisk
from bonkei.monitor.metric.model import Datum, datum, metric_id
from bonkei.monitor.metric.store import Kept
from bonkei.monitor.monitor import Around, Monitor

T = 1_800_000_000.0
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
M = metric_id("AWS/ECS", "CPUUtilization", {"ServiceName": "backend"})


def alarm(**more: Any) -> Alarm:
    settings: dict[str, Any] = {
        "address": "aws_cloudwatch_metric_alarm.cpu",
        "arn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu",
        "name": "cpu",
        "comparison": "GreaterThanOrEqualToThreshold",
        "threshold": 80.0,
        "evaluation_periods": 2,
        "datapoints_to_alarm": 2,
        "metric": Metric(M.namespace, M.name, M.dimensions, "Average", 60),
        "alarm_actions": (TOPIC,),
        "ok_actions": (TOPIC,),
        "description": "CPU is high",
    }
    return Alarm(**(settings | more))


class World:
    """A monitor, its clock, and its messages to others."""

    def __init__(self, directory: Path | None = None, *alarms: Alarm, **blueprint: Any) -> None:
        self.now = T
        self.bus = Bus()
        self.acted: list[tuple[str, str, dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []
        self.failing = False
        self.measured: list[Datum] = []
        around = Around(lambda _now, _step: self.measured, self.act, self.events.append, self.clock)
        self.monitor = Monitor(directory, self.bus, around)
        self.follow(*alarms, **blueprint)

    def follow(self, *alarms: Alarm, **blueprint: Any) -> None:
        self.monitor.follow(Blueprint(alarms=alarms, **blueprint), frozenset())

    def clock(self) -> float:
        return self.now

    async def act(self, arn: str, subject: str, message: str) -> None:
        if self.failing:
            raise BonkeiError("no such topic")
        self.acted.append((arn, subject, json.loads(message)))

    async def minute(self, *values: float, of: Datum | None = None) -> str:
        for value in values:
            self.monitor.put(of or datum(M, self.now + 1, value, "Percent"))
        self.now += 60 / self.monitor.compression
        self.monitor.tick(self.now)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.monitor.book.state("cpu").value


async def test_to_alarm_and_back() -> None:
    world = World(None, alarm())
    states = [await world.minute(value) for value in (10, 10, 90, 90, 10, 10)]
    await world.monitor.stop()

    assert states == ["OK", "OK", "OK", "ALARM", "OK", "OK"]
    assert [m["NewStateValue"] for _, _, m in world.acted] == ["OK", "ALARM", "OK"]


async def test_the_bus_hears_each_change_and_the_states_at_the_start(tmp_path: Path) -> None:
    """So a deployment can be stopped, also by an alarm that rings since before a restart."""
    world = World(tmp_path, alarm())
    heard: list[AlarmStateChanged] = []
    world.bus.subscribe(AlarmStateChanged, heard.append)
    for value in (10, 90, 90):
        await world.minute(value)
    await world.monitor.stop()
    assert heard == [AlarmStateChanged("cpu", "OK"), AlarmStateChanged("cpu", "ALARM")]
    again = World(tmp_path, alarm())
    again.bus.subscribe(AlarmStateChanged, heard.append)
    again.monitor.start()
    await again.monitor.stop()
    assert heard[2:] == [AlarmStateChanged("cpu", "ALARM")]


def fill(world: World, pages: int) -> None:
    """From now on, the files take no more than these pages; a new page is refused."""
    for connection in (world.monitor.book._connection, world.monitor.store._disk._connection):  # type: ignore[attr-defined]
        connection.execute(f"pragma max_page_count = {pages}")


async def test_an_alarm_acts_though_the_disk_is_full(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    await world.minute(10)
    fill(world, 1)
    for _ in range(40):  # until no page has room
        world.monitor.book.note(HistoryItem("cpu", world.now, "Action", "x" * 1000))
    assert [await world.minute(value) for value in (90, 90)] == ["OK", "ALARM"]
    assert world.acted[-1][2]["NewStateValue"] == "ALARM"
    notes = world.monitor.snapshot().notes
    assert notes == ("the alarms' states are not on disk: database or disk is full",)
    with pytest.raises(sqlite3.OperationalError):
        world.monitor.engine.make(alarm(name="made", description="x" * 9_000), world.now)
    assert [one.name for one in world.monitor.engine.alarms] == ["cpu"]
    world.now += 3600
    world.monitor.tick(world.now)  # old data is merged, which needs room, too

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
    for number in range(5):  # the name has room, its data has none
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
    assert said == ["bonkei.monitor: a minute: [Errno 24] Too many open files"]


async def test_the_message_has_cloudwatchs_form() -> None:
    world = World(None, alarm())
    for value in (10, 90, 95):
        await world.minute(value)
    await world.monitor.stop()
    arn, subject, message = world.acted[-1]

    assert arn == TOPIC
    assert subject == 'ALARM: "cpu" in EU (Ireland)'
    assert message["NewStateReason"] == (
        "Threshold Crossed: 2 out of the last 2 datapoints [95.0 (15/01/27 08:02:00), 90.0"
        " (15/01/27 08:01:00)] were greater than or equal to the threshold (80.0) (minimum 2"
        " datapoints for OK -> ALARM transition)."
    )
    assert message["OldStateValue"] == "OK"
    assert message["StateChangeTime"] == "2027-01-15T08:03:00.000+0000"
    assert message["Region"] == "EU (Ireland)"
    assert message["AWSAccountId"] == "123456789012"
    assert message["Trigger"] == {
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/ECS",
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Unit": None,
        "Dimensions": [{"value": "backend", "name": "ServiceName"}],
        "Period": 60,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 80.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
    }


async def test_the_event_has_cloudwatchs_form() -> None:
    world = World(None, alarm())
    for value in (10, 90, 95):
        await world.minute(value)
    await world.monitor.stop()
    event = world.events[-1]

    assert (event["source"], event["detail-type"]) == (
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
    )
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["previousState"]["value"] == "OK"
    reason = json.loads(event["detail"]["state"]["reasonData"])
    assert reason["recentDatapoints"] == [90.0, 95.0]
    metric = event["detail"]["configuration"]["metrics"][0]["metricStat"]
    assert metric["metric"]["dimensions"] == {"ServiceName": "backend"}


async def test_a_percentage_by_metric_math() -> None:
    free = Metric("AWS/RDS", "FreeableMemory", (), "Average", 60)
    queries = (
        MetricQuery("freeable", free),
        MetricQuery("used", expression="100 * (1 - freeable / 4000)", returns_data=True),
    )
    world = World(
        None, alarm(metric=None, queries=queries, evaluation_periods=1, datapoints_to_alarm=1)
    )
    memory = metric_id("AWS/RDS", "FreeableMemory")

    assert await world.minute(0, of=datum(memory, T + 1, 3000)) == "OK"
    assert await world.minute(0, of=datum(memory, T + 61, 400)) == "ALARM"
    await world.monitor.stop()
    assert [q["Id"] for q in world.acted[-1][2]["Trigger"]["Metrics"]] == ["freeable", "used"]


async def test_time_is_compressed() -> None:
    world = World(None, alarm())
    world.monitor.compress(30)
    states = [await world.minute(value) for value in (10, 10, 90, 90)]
    await world.monitor.stop()

    assert states[-1] == "ALARM"
    assert world.now == T + 8  # four of AWS's minutes
    assert world.acted[-1][2]["Trigger"]["Period"] == 60


async def test_disabled_actions_are_not_taken() -> None:
    world = World(None, alarm(actions_enabled=False))
    for value in (90, 90):
        await world.minute(value)
    await world.monitor.stop()

    assert not world.acted
    assert world.events


async def test_a_failed_action_is_shown() -> None:
    world = World(None, alarm())
    world.failing = True
    for value in (90, 90):
        await world.minute(value)
    snapshot = world.monitor.snapshot()
    summary = world.monitor.book.history("cpu", "Action")[0].summary
    await world.monitor.stop()

    assert summary == f"Failed to execute action {TOPIC}. Received error: no such topic"
    assert snapshot.failed_actions == 1


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


async def test_set_alarm_state_holds_until_the_next_evaluation() -> None:
    world = World(None, alarm())
    await world.minute(10)
    await world.minute(10)
    world.monitor.engine.set_state("cpu", State.ALARM, "a test", "", world.now)
    assert world.monitor.book.state("cpu").value == "ALARM"

    assert await world.minute(10) == "OK"
    await world.monitor.stop()


async def test_composite_alarms_follow_and_are_suppressed() -> None:
    both = CompositeAlarm(
        "aws_cloudwatch_composite_alarm.both",
        "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:both",
        "both",
        "ALARM(cpu)",
        alarm_actions=(TOPIC,),
    )
    world = World(None, alarm(alarm_actions=()), composite_alarms=(both,))
    for value in (90, 90):
        await world.minute(value)

    assert world.acted[-1][2]["AlarmName"] == "both"
    assert world.acted[-1][2]["TriggeringChildren"][0]["State"]["Value"] == "ALARM"
    await world.monitor.stop()


async def test_log_records_reach_an_alarm() -> None:
    metric = Metric("Logs", "Errors", (), "Sum", 60)
    filters = (MetricFilter("f", "f", "/g", "ERROR", "Logs", "Errors", "1", default_value=0.0),)
    errors = alarm(
        metric=metric,
        threshold=1.0,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="notBreaching",
    )
    world = World(None, errors, metric_filters=filters)
    found = []
    for message in ("fine", "ERROR", "fine", "", "", ""):
        events = (LogEvent(int(world.now * 1000), message),) if message else ()
        world.bus.publish(LogEventsIngested("/g", "s", events))
        found.append(await world.minute())
    await world.monitor.stop()

    assert found == ["OK", "ALARM", "OK", "OK", "OK", "OK"]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"threshold": None}, "anomaly detection is not simulated"),
        (
            {
                "metric": None,
                "queries": (
                    MetricQuery("e", expression="ANOMALY_DETECTION_BAND(m1)", returns_data=True),
                ),
            },
            "ANOMALY_DETECTION_BAND is not simulated",
        ),
        ({"metric": Metric("AWS/ECS", "x", (), "q9", 60)}, "`q9` is no statistic"),
    ],
)
async def test_unsupported_parts_are_reported(more: dict[str, Any], problem: str) -> None:
    world = World(None, alarm(**more))
    await world.minute(90)

    assert problem in world.monitor.snapshot().alarms[0].problem
    await world.monitor.stop()


async def test_metrics_that_nobody_measures_are_reported() -> None:
    world = World(None, alarm())
    assert world.monitor.snapshot().not_measured == ("AWS/ECS CPUUtilization",)
    await world.minute(1)

    assert not world.monitor.snapshot().not_measured
    await world.monitor.stop()


async def test_a_clock_that_is_set_back_stops_no_writing(tmp_path: Path) -> None:
    world = World(tmp_path, alarm())
    await world.minute(10)
    world.now -= 86_400
    await world.minute(20)
    disk = world.monitor.store._disk
    assert [kept.start for kept in disk.read(M, T - 86_400, T)], "not only at the end"
    await world.monitor.stop()


async def test_a_deleted_alarm_is_forgotten() -> None:
    world = World(None, alarm())
    await world.minute(1)
    world.follow()

    assert not world.monitor.snapshot().alarms
    assert world.monitor.book.history("cpu")[0].summary == 'Alarm "cpu" deleted'
    await world.monitor.stop()
