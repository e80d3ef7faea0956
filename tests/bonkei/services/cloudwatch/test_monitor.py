"""Alarms over time: a test sets the clock and reads the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.events import AlarmStateChanged, LogEvent, LogEventsIngested
from bonkei.blueprint.cloudwatch import CompositeAlarm, Metric, MetricQuery
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.services.cloudwatch.alarm.book import AlarmState
from bonkei.services.cloudwatch.alarm.engine import DRILL
from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.cloudwatch.metric.model import datum, metric_id
from tests.bonkei.services.cloudwatch.watched import TOPIC, M, T, World, alarm


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


@pytest.mark.parametrize("before", [State.OK, State.ALARM])
async def test_a_heartbeat_that_was_away_with_the_miniature_changes_nothing(
    before: State,
) -> None:
    """The alarm is as it was, until so many minutes have passed since the start as it looks at."""
    world = World(None, alarm(treat_missing_data="breaching"))
    world.monitor.book.set("cpu", AlarmState(before))
    states = [await world.minute(), await world.minute()]
    await world.monitor.stop()
    assert states == [before, "ALARM"]


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


async def test_an_alarm_with_a_unit_ignores_other_units() -> None:
    metric = Metric(M.namespace, M.name, M.dimensions, "Maximum", 60, unit="Percent")
    queries = (MetricQuery("m", metric), MetricQuery("e", None, "m + 0", returns_data=True))
    world = World(None, alarm(metric=metric), alarm(name="math", metric=None, queries=queries))
    for percent, count in ((10, 900), (10, 900), (90, 900), (95, 1)):
        world.monitor.put(datum(M, world.now + 1, count, "Count"))
        await world.minute(percent)
    await world.monitor.stop()
    for name in ("cpu", "math"):
        sent = [m for _, _, m in world.acted if m["AlarmName"] == name]
        assert [m["NewStateValue"] for m in sent] == ["OK", "ALARM"]
        trigger = sent[-1]["Trigger"]
        assert trigger.get("Unit") or trigger["Metrics"][0]["MetricStat"]["Unit"] == "Percent"
    event = world.events[0]["detail"]
    assert event["configuration"]["metrics"][0]["metricStat"]["unit"] == "Percent"
    assert json.loads(event["state"]["reasonData"])["unit"] == "Percent"


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


async def seconds_of(world: World, count: int, *values: float) -> list[str]:
    """The states at the end of each second, with these values in it."""
    found = []
    for _ in range(count):
        for value in values:
            world.monitor.put(datum(M, world.now + 0.5, value, "Percent"))
        world.now += 1
        world.monitor.tick(world.now)
        found.append(world.monitor.book.state("cpu").value)
    return found


@pytest.mark.parametrize("missing", ["missing", "breaching", "notBreaching"])
@pytest.mark.parametrize("change", ["hurry", "compress"])
async def test_data_of_before_a_change_of_the_period_rings_no_alarm(
    change: str, missing: str
) -> None:
    """A minute's count falls into one second, and before it nothing was measured by the second."""
    metric = Metric(M.namespace, M.name, M.dimensions, "Sum", 60)
    world = World(None, alarm(metric=metric, treat_missing_data=missing, datapoints_to_alarm=1))
    for _ in range(3):
        assert await world.minute(20) in ("OK", "INSUFFICIENT_DATA")
    since_the_minute = [datum(M, world.now + 40, 900, "Percent")]
    world.now += 40
    world.measured = since_the_minute
    if change == "hurry":
        world.monitor.hurry({"cpu": 1.0})
    else:
        world.monitor.compress(60)
    world.measured = []
    assert await seconds_of(world, 4, 20) == ["OK"] * 4
    assert (await seconds_of(world, 2, 90))[-1] == "ALARM"
    assert (await seconds_of(world, 4, 20))[-1] == "OK"
    if missing == "breaching":
        assert (await seconds_of(world, 6))[-1] == "ALARM"
    if change == "hurry":
        world.monitor.hurry({})
        world.now = (world.now // 60 + 1) * 60
        world.monitor.tick(world.now)
        if missing != "breaching":
            assert world.monitor.book.state("cpu").value == "OK"  # not by the seconds of before
    await world.monitor.stop()


async def test_a_heartbeat_does_not_ring_behind_a_rehearsal_soon_after_the_start() -> None:
    """The rehearsal's time is left out, and what was before it is from before the start."""
    world = World(None, alarm(treat_missing_data="breaching"))
    states = [await world.minute(10), await world.minute(10)]
    world.monitor.hurry({"other": 1.0})
    begun = world.now
    await seconds_of(world, 90, 10)
    world.monitor.forget_since([M], begun - 80)
    world.monitor.hurry({})
    world.now = (world.now // 60 + 1) * 60
    for _ in range(3):
        world.monitor.tick(world.now)
        states.append(world.monitor.book.state("cpu").value)
        world.now += 60
        world.monitor.put(datum(M, world.now - 1, 10, "Percent"))
    await world.monitor.stop()
    assert states[1:] == ["OK"] * 4


async def test_what_rings_while_people_practise_says_so_and_so_does_its_end() -> None:
    rule = CompositeAlarm("a.c", "arn:aws:cloudwatch:eu-west-1:1:alarm:c", "c", "ALARM(cpu)")
    world = World(None, alarm(), composite_alarms=(rule,))
    await world.minute(10)
    world.monitor.practise(DRILL)
    for value in (90, 90):
        await world.minute(value)
    world.monitor.practise("")
    for value in (10, 10, 90, 90):
        await world.minute(value)
    await world.monitor.stop()
    told = [(m["NewStateValue"], m["NewStateReason"][:7] == "Drill: ") for _, _, m in world.acted]
    assert told == [("OK", False), ("ALARM", True), ("OK", True), ("ALARM", False)]
    marked = [event["detail"]["state"]["reason"].startswith(DRILL) for event in world.events]
    assert marked == [False, False, True, True, True, True, False, False]


async def test_a_function_gets_the_alarms_data() -> None:
    """Another form than a topic's message."""
    function = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    world = World(None, alarm(alarm_actions=(function, TOPIC)))
    for value in (90, 90):
        await world.minute(value)
    await world.monitor.stop()
    [called, told] = [found for _, _, found in world.acted]
    assert (called["source"], called["alarmArn"]) == ("aws.cloudwatch", told["AlarmArn"])
    assert (called["accountId"], called["region"]) == ("123456789012", "eu-west-1")
    assert called["time"] == told["StateChangeTime"]
    assert called["alarmData"] == world.events[-1]["detail"]
    assert called["alarmData"]["state"]["value"] == told["NewStateValue"] == "ALARM"


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
        ok_actions=(TOPIC,),
    )
    world = World(None, alarm(alarm_actions=(), ok_actions=()), composite_alarms=(both,))
    for values, state in (((90, 90), "ALARM"), ((10, 10), "OK")):
        for value in values:
            await world.minute(value)
        message = world.acted[-1][2]
        (child,) = message["TriggeringChildren"]  # what has changed the alarm
        assert (message["AlarmName"], message["NewStateValue"]) == ("both", state)
        assert (child["Arn"].rpartition(":")[2], child["State"]["Value"]) == ("cpu", state)
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
    assert found == ["OK", "ALARM", "OK", "OK", "OK", "OK"]

    late = LogEvent(int(world.now * 1000) - 400, "ERROR")  # a router sends once a second
    fine = LogEvent(int(world.now * 1000) + 5000, "fine")
    world.bus.publish(LogEventsIngested("/g", "s", (late,)))
    world.bus.publish(LogEventsIngested("/g", "s", (fine,)))
    assert await world.minute() == "ALARM"
    world.bus.publish(LogEventsIngested("/g", "s", (LogEvent(int(world.now * 1000), "fine"),)))
    assert await world.minute() == "OK"
    await world.monitor.stop()


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
        ({"metric": Metric("AWS/ECS", "x", (), "q9", 60)}, "`q9` is not a statistic"),
    ],
)
async def test_unsupported_parts_are_reported(more: dict[str, Any], problem: str) -> None:
    world = World(None, alarm(**more))
    await world.minute(90)

    assert problem in world.monitor.snapshot().alarms[0].problem
    await world.monitor.stop()


async def test_metrics_that_are_not_measured_are_reported() -> None:
    world = World(None, alarm())
    assert world.monitor.snapshot().not_measured == ("AWS/ECS CPUUtilization",)
    await world.minute(1)

    assert not world.monitor.snapshot().not_measured
    await world.monitor.stop()


async def test_a_deleted_alarm_is_forgotten() -> None:
    world = World(None, alarm())
    await world.minute(1)
    world.follow()

    assert not world.monitor.snapshot().alarms
    assert world.monitor.book.history("cpu")[0].summary == 'Alarm "cpu" deleted'
    await world.monitor.stop()
