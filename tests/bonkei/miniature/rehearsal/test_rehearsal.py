"""A rehearsal with a real monitor: to ALARM and back, and nothing of it remains."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from aws import InMemoryAws
from pipeline_rigs import Rig
from pipeline_rigs import World as PipelineWorld

from bonkei.base.aws_service import AwsCall
from bonkei.base.events import Bus, LogEvent, LogEventsIngested
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm, Metric
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.blueprint.sns import EventRule, EventTarget
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.rehearsal.rehearsal import Rehearsal
from bonkei.miniature.rehearsal.rules import rehearse_rule
from bonkei.miniature.rehearsal.underway import Rehearsals
from bonkei.miniature.rehearsal.values import Cause, Result, World, not_shown
from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.cloudwatch.alarm.points import identity
from bonkei.services.cloudwatch.metric.model import datum
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.eventbridge.shapes import event

CPU = Metric("AWS/ECS", "CPUUtilization", (("ServiceName", "web"),), "Average", 300)
ERRORS = Metric("Logs", "Errors", (), "Sum", 60)
ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"
TOPIC = ("arn:aws:sns:eu-west-1:123456789012:alarms",)


def alarm(name: str, metric: Metric, threshold: float, **more: Any) -> Alarm:
    return Alarm(
        f"a.{name}", ARN + name, name, "GreaterThanOrEqualToThreshold", threshold, 2, 1,
        metric=metric, treat_missing_data="notBreaching", alarm_actions=TOPIC, **more,
    )  # fmt: skip


class Logs:
    """Publishes metrics as the log groups do."""

    operations = frozenset({"CreateLogStream", "PutLogEvents", "DeleteLogStream"})

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    async def answer(self, call: AwsCall) -> dict[str, Any]:
        given = call.parameters
        if call.operation == "PutLogEvents":
            events = tuple(LogEvent(e["timestamp"], e["message"]) for e in given["logEvents"])
            stream = given["logStreamName"]
            self.bus.publish(LogEventsIngested(given["logGroupName"], stream, events))
        return {}


@pytest.fixture
async def world() -> Any:
    bus = Bus()
    blueprint = Blueprint(
        alarms=(
            alarm("cpu", CPU, 80.0),
            alarm("errors", ERRORS, 2.0),
            Alarm("a.band", ARN + "band", "band", "LessThanLowerThreshold", None, 1, 1),
        ),
        composite_alarms=(CompositeAlarm("a.any", ARN + "any", "any", "ALARM(cpu)"),),
        metric_filters=(MetricFilter("f", "f", "/web", "ERROR", "Logs", "Errors", "1"),),
    )

    async def act(_arn: str, _subject: str, _message: str) -> None: ...

    monitor = Monitor(None, bus, Around(lambda _n, _s: (), act, lambda _e: None))
    monitor.follow(blueprint, frozenset())
    monitor.start()
    yield World(monitor, lambda: blueprint, InMemoryAws({"logs": Logs(bus)}))
    await monitor.stop()


async def test_each_alarm_goes_both_ways(world: World) -> None:
    rehearsal = Rehearsal(world, world.monitor.engine.alarms)
    await asyncio.wait_for(rehearsal.run(), 60)
    found = {one["name"]: one for one in rehearsal.snapshot()["results"]}

    assert {n for n, one in found.items() if one["both_ways"]} == {"cpu", "errors", "any"}
    assert "anomaly detection" in found["band"]["problem"]
    assert found["cpu"]["injected"]
    assert found["errors"]["injected"]  # a record from the rehearsal is not a real cause
    assert "written to /web" in found["errors"]["cause"]
    for name in ("cpu", "errors", "any"):
        assert found[name]["alarm_reason"].startswith("Rehearsal: ")
    assert not world.monitor.engine.mark
    assert found["cpu"]["messages"][0]["subject"] == 'ALARM: "cpu" in EU (Ireland)'
    assert isinstance(world.aws, InMemoryAws)
    assert world.aws.calls[-1][:2] == ("logs", "DeleteLogStream")
    for metric in (CPU, ERRORS):
        assert not world.monitor.store.buckets(identity(metric), 0, 4e9, 4e9)


async def test_nothing_remains_of_an_aborted_rehearsal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ended_late(cause: Cause) -> None:
        await asyncio.sleep(0.1)
        await cause.end()

    monkeypatch.setattr("bonkei.miniature.rehearsal.rehearsal._ended", ended_late)
    before = datum(identity(CPU), 1_700_000_000, 5.0)
    world.monitor.put(before)
    minute = (time.time() - 2) // 60 * 60  # it begins before the rehearsal, by whole seconds
    world.monitor.put(datum(identity(CPU), minute, 7.0))
    job = asyncio.create_task(Rehearsal(world, world.monitor.engine.alarms).run())
    while world.monitor.book.state("cpu").value is not State.ALARM:
        await asyncio.sleep(0.05)
    world.monitor.put(datum(identity(CPU), time.time(), 6.0))  # measured meanwhile
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    monitor = world.monitor
    await asyncio.sleep(0.2)  # a cause that ends late changes nothing any more

    assert not monitor.engine.hurried
    state = monitor.book.state("cpu")
    assert (state.value, "aborted" in state.reason) == (State.OK, True)
    (found,) = monitor.store.buckets(identity(CPU), 0, 4e9, 4e9).values()
    assert found.values == {5.0: 1, 6.0: 1, 7.0: 1}  # only the real values


async def test_what_it_did_to_others_is_forgotten_too(world: World) -> None:
    """A real cause shows in the metrics of alarms that are not rehearsed; they must not ring when
    it is over."""
    monitor = world.monitor
    errors = next(one for one in monitor.engine.alarms if one.name == "errors")
    job = asyncio.create_task(Rehearsal(world, [errors]).run())
    async with asyncio.timeout(60):
        while monitor.book.state("errors").value is not State.ALARM:
            await asyncio.sleep(0.05)
    monitor.put(datum(identity(CPU), time.time(), 99.0))  # cpu rings from 80 on
    await asyncio.wait_for(job, 60)

    assert not monitor.store.buckets(identity(CPU), 0, 4e9, 4e9)
    for minute in (1, 2, 6):
        monitor.engine.evaluate(time.time() + 60 * minute)
    assert monitor.book.state("cpu").value is not State.ALARM


async def test_there_is_one_rehearsal_at_a_time_whoever_begins_it(world: World) -> None:
    rehearsals = Rehearsals(lambda: world)
    assert rehearsals.snapshot() is None
    with pytest.raises(MiniatureError, match="no alarm nothing"):
        rehearsals.begin(["nothing"])
    assert rehearsals.begin(["errors"]) == ["errors"]
    with pytest.raises(MiniatureError, match="under way"):
        rehearsals.begin([])
    rehearsals.end()
    async with asyncio.timeout(60):
        while rehearsals.is_under_way:
            await asyncio.sleep(0.01)
    assert rehearsals.snapshot() == {"over": True, "results": [ANY]}
    assert len(rehearsals.begin([])) == 4
    async with asyncio.timeout(60):
        await rehearsals.stop()
    assert not rehearsals.is_under_way
    assert not world.monitor.is_hurried


SENT = {"action": "arn:aws:sns:x", "subject": "s", "problem": ""}


@pytest.mark.parametrize(
    ("more", "by_slack", "expected"),
    [
        ({"slack": [{}]}, True, ""),
        ({}, False, ""),
        ({}, True, "nothing came to Slack"),  # such as: the function has failed each time
        ({"injected": True, "slack": [{}]}, True, "injected data"),
        ({"injected": True, "kind": "rule"}, False, "made from its own pattern"),
        ({"messages": [SENT | {"problem": "no such topic"}], "slack": [{}]}, True, "no such topic"),
        ({"ok_at": 0.0, "injected": True}, True, ""),  # it failed, which says more
        ({"problem": "it did not go to OK"}, True, ""),
    ],
)
def test_what_a_result_does_not_show(more: dict[str, Any], by_slack: bool, expected: str) -> None:
    found = Result("a", **{"alarm_at": 1.0, "ok_at": 2.0, "messages": [SENT]} | more)
    text = not_shown(found, by_slack=by_slack)
    assert (expected in text) if expected else not text


async def test_injected_data_show_nothing_of_a_real_cause(world: World) -> None:
    rehearsal = Rehearsal(world, world.monitor.engine.alarms)
    await asyncio.wait_for(rehearsal.run(), 60)
    results = rehearsal.snapshot()["results"]
    found = {one["name"]: bool(one["not_shown"]) for one in results}
    assert found == {"cpu": True, "errors": True, "any": True, "band": False}  # band has failed


@pytest.mark.parametrize("is_busy", [False, True])
async def test_a_rule_on_a_failed_pipeline_leaves_the_pipeline_as_it_was(
    world: World, tmp_path: Path, is_busy: bool
) -> None:
    taken: list[dict[str, Any]] = []

    async def deliver(_target: EventTarget, payload: str, _marks: Mapping[str, str]) -> None:
        taken.append(json.loads(payload))

    rig = Rig(PipelineWorld(), tmp_path)
    bus = EventBus(deliver)
    topic = EventTarget("t", "arn:aws:sns:eu-west-1:1:alarms")
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"state": ["FAILED"], "pipeline": ["demo"]},
    }
    rule = EventRule("r", "arn:aws:events:::rule/r", "r", json.dumps(pattern), deliveries=(topic,))
    bus.follow([rule])
    given = replace(world, events=bus, pipelines=rig.pipelines)
    before = rig.pipelines.book("demo").executions
    if is_busy:
        await rig.start()  # waits for an approval
        await rig.token()
        before = rig.pipelines.book("demo").executions
    else:
        rig.world.branch = "gone"  # a source that fails
    passing = asyncio.create_task(pass_on(rig, bus))
    result = Result("r", "rule")
    await asyncio.wait_for(rehearse_rule(rule, result, given), 60)
    passing.cancel()
    assert result.injected == is_busy
    assert ("it is running" in result.cause) == is_busy
    assert taken[0]["detail"]["execution-id"].startswith(("rehearsal-", "bonkei-rehearsal"))
    assert rig.pipelines.book("demo").executions == before
    await bus.stop()
    await rig.pipelines.stop()


async def pass_on(rig: Rig, bus: EventBus) -> None:
    """What the miniature does with the events of services."""
    while True:
        while rig.world.events:
            one = rig.world.events.pop(0)
            arn = "arn:aws:codepipeline:eu-west-1:1:demo"
            bus.put(event(one.source, one.detail_type, [], dict(one.detail), arn, one.time))
        await asyncio.sleep(0.01)
