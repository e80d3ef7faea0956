"""Conditions whose rules ask another service, or the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pipeline_books import Table, build, pipeline, source
from pipeline_rigs import Rig, World

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codepipeline import Condition, OnFailure, Pipeline, Rule, Stage
from bonkei.grammar.schedule import ScheduleError, parse_window
from bonkei.services.codepipeline.actions.alarm import CloudWatchAlarm
from bonkei.services.codepipeline.core import answers, commands
from bonkei.services.codepipeline.core.values import ActionRun, Finished

ALARM = Rule("Quiet", "CloudWatchAlarm", (("AlarmName", "down"), ("WaitTime", "2")))
ASKED = Rule("Asked", "LambdaInvoke", (("FunctionName", "may"),))
SOURCE = Stage("Source", (source(),))


def deploying(**places: Any) -> Table:
    return Table(pipeline(SOURCE, Stage("Deploy", (build("Deploy"),), **places)))


def checks(table: Table, id_: str) -> tuple[ActionRun, ...]:
    return tuple(c for c in table.stage(id_, "Deploy").checks if c.status == "InProgress")


def answer(table: Table, id_: str, *, ok: bool) -> None:
    check, *_ = checks(table, id_)
    table.do(answers.finish(check.id, Finished(ok, error_message="" if ok else "it rings")))


def entering(result: str, *rules: Rule) -> tuple[Table, str]:
    table = deploying(before_entry=(Condition(result, rules),))
    id_ = table.start()
    table.through(id_, "Source")
    return table, id_


def test_a_stage_waits_before_its_entry_until_the_rule_has_an_answer() -> None:
    table, id_ = entering("FAIL", ALARM)
    assert table.stage(id_, "Deploy").actions == ()
    assert table.stage(id_, "Deploy").conditions[-1].status == "InProgress"
    answer(table, id_, ok=True)
    assert table.stage(id_, "Deploy").conditions[-1].status == "Succeeded"
    table.finish(id_, "Deploy")
    assert table.execution(id_).status == "Succeeded"


@pytest.mark.parametrize(
    ("result", "rule", "stage", "execution"),
    [("FAIL", ALARM, "Failed", "Failed"), ("SKIP", ASKED, "Skipped", "Succeeded")],
)
def test_an_unmet_entry(result: str, rule: Rule, stage: str, execution: str) -> None:
    table, id_ = entering(result, rule)
    answer(table, id_, ok=False)
    assert table.stage(id_, "Deploy").status == stage
    assert table.execution(id_).status == execution
    assert "it rings" in table.stage(id_, "Deploy").conditions[-1].summary
    if stage == "Failed":
        table.do(commands.retry("Deploy", id_, "FAILED_ACTIONS"))
        answer(table, id_, ok=True)
        assert table.stage(id_, "Deploy").status == "InProgress", "it is asked again"


def test_several_rules_and_conditions_are_all_waited_for() -> None:
    both = (Condition("FAIL", (ALARM, ASKED)), Condition("FAIL", (ASKED,)))
    table = deploying(before_entry=both)
    id_ = table.start()
    table.through(id_, "Source")
    assert len(checks(table, id_)) == 2
    answer(table, id_, ok=True)
    answer(table, id_, ok=True)
    assert [each.status for each in table.stage(id_, "Deploy").conditions] == [
        "Succeeded", "InProgress",
    ]  # fmt: skip
    answer(table, id_, ok=True)
    assert len(table.stage(id_, "Deploy").actions) == 1


def test_a_skip_by_an_alarm_is_refused_as_on_aws() -> None:
    table, id_ = entering("SKIP", ALARM)
    condition = table.stage(id_, "Deploy").conditions[-1]
    assert (condition.status, "LambdaInvoke, VariableCheck" in condition.summary) == (
        "Errored", True,
    )  # fmt: skip


def released(table: Table) -> str:
    id_ = table.start()
    table.through(id_, "Source")
    table.finish(id_, "Deploy")
    return id_


def test_after_a_success_an_alarm_rolls_the_stage_back() -> None:
    """The use case of AWS's page: watch the alarm for a while, and go back."""
    table = deploying(on_success=(Condition("ROLLBACK", (ALARM,)),))
    first = released(table)
    assert table.execution(first).status == "InProgress", "it is watched"
    answer(table, first, ok=True)
    assert table.execution(first).status == "Succeeded"
    second = released(table)
    answer(table, second, ok=False)
    assert table.execution(second).status == "Failed"
    back = table.book.executions[-1]
    assert (back.type, back.trigger, back.target) == ("ROLLBACK", "AutomatedRollback", first)
    table.finish(back.id, "Deploy")
    answer(table, back.id, ok=True)
    assert table.execution(back.id).status == "Succeeded"


@pytest.mark.parametrize(("ok", "status"), [(True, "InProgress"), (False, "Failed")])
def test_after_a_failure_the_conditions_decide(ok: bool, status: str) -> None:
    failure = OnFailure("RETRY", "ALL_ACTIONS", (Condition("RETRY", (ASKED,)),))
    table = deploying(on_failure=failure)
    id_ = table.start()
    table.through(id_, "Source")
    table.finish(id_, "Deploy", ok=False, error_message="no such thing")
    assert table.stage(id_, "Deploy").status == "InProgress", "the rule is asked first"
    answer(table, id_, ok=ok)
    assert table.execution(id_).status == status
    if not ok:
        assert "no such thing" in table.execution(id_).summary


def test_a_check_that_takes_too_long_has_failed() -> None:
    table, id_ = entering("FAIL", Rule("Asked", "LambdaInvoke", timeout_minutes=5))
    table.now += 301
    table.do(answers.tick())
    assert table.execution(id_).status == "Failed"


def test_stop_and_abandon_does_not_wait_for_a_check() -> None:
    table, id_ = entering("FAIL", ALARM)
    table.do(commands.stop(id_, abandon=True, reason="no"))
    assert table.execution(id_).status == "Stopped"
    assert checks(table, id_) == ()


def test_no_event_is_sent_for_a_check() -> None:
    table, id_ = entering("FAIL", ALARM)
    answer(table, id_, ok=True)
    assert [each for each in table.states(id_) if each.startswith("Deploy")] == [
        "Deploy STARTED", "Deploy/Deploy STARTED",
    ]  # fmt: skip


# --- DeploymentWindow


def moment(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("cron", "at", "is_open"),
    [
        ("* * 9-17 ? * MON-FRI", "2026-11-26T09:59:59", True),  # a Thursday
        ("* * 9-17 ? * MON-FRI", "2026-11-26T18:00:00", False),
        ("* * 9-17 ? * MON-FRI", "2026-11-28T12:00:00", False),
        ("* 0-29 * L * ? *", "2026-11-30T04:29:00", True),
        ("* * * ? * 6L 2027", "2026-11-27T04:00:00", False),
    ],
)
def test_a_window_is_open_or_not(cron: str, at: str, is_open: bool) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    assert parse_window(cron, zone)(moment(at, "Asia/Tokyo")) is is_open


@pytest.mark.parametrize("cron", ["", "0 * * ? * *", "* * * * *", "* 61 * ? * *", "* * * * * * *"])
def test_a_wrong_window_is_refused(cron: str) -> None:
    with pytest.raises(ScheduleError):
        parse_window(cron)


@pytest.mark.parametrize(
    ("zone", "status", "says"),
    [("", "Succeeded", ""), ("Asia/Tokyo", "Failed", "not within"), ("Mars", "Errored", "'Mars'")],
)
def test_the_rule_goes_by_its_zone(zone: str, status: str, says: str) -> None:
    settings = (("Cron", "* * 0-8 ? * *"), ("TimeZone", zone))
    table = deploying(before_entry=(Condition("FAIL", (Rule("W", "DeploymentWindow", settings),)),))
    table.now = moment("2026-11-26T08:30:00")
    id_ = table.start()
    table.through(id_, "Source")
    condition = table.stage(id_, "Deploy").conditions[-1]
    assert (condition.status, says in condition.summary) == (status, True)


# --- The runner of CloudWatchAlarm


class Watched:
    """An alarm with its states over time, a second each, and the runner that looks at it."""

    def __init__(self, *states: str, denied: str = "") -> None:
        self.states: Iterator[str] = iter((*states, *(states[-1:] * 1000)))
        self.slept = 0.0
        asks: Any = SimpleNamespace(role=lambda *_: denied)
        self.runner = CloudWatchAlarm(lambda _: next(self.states), asks, 60.0, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds

    async def check(self, **settings: str) -> Finished:
        work: Any = SimpleNamespace(
            settings={"AlarmName": "down", **settings}, role="r", session="s",
            arn=lambda service, resource: f"arn:{service}:{resource}",
        )  # fmt: skip
        return await self.runner.run(work)


async def test_an_alarm_is_watched_for_the_whole_wait() -> None:
    quiet = Watched("OK")
    assert (await quiet.check(WaitTime="2")).succeeded
    assert quiet.slept == 120
    rings = Watched(*["OK"] * 30, "ALARM")
    failed = await rings.check(WaitTime="2")
    assert (failed.succeeded, rings.slept) == (False, 30)
    assert failed.error_message == "The alarm down is in ALARM"
    assert (await Watched("ALARM").check(AlarmStates="INSUFFICIENT_DATA")).succeeded


@pytest.mark.parametrize(
    ("states", "settings", "denied", "code"),
    [
        (("",), {}, "", "ConfigurationError"),
        (("OK",), {"AlarmStates": "BAD"}, "", "ConfigurationError"),
        (("OK",), {"WaitTime": "soon"}, "", "ConfigurationError"),
        (("OK",), {}, "r may not", "PermissionError"),
    ],
)
async def test_an_alarm_that_cannot_be_watched(
    states: tuple[str, ...], settings: dict[str, str], denied: str, code: str
) -> None:
    with pytest.raises(AwsServiceError) as refused:
        await Watched(*states, denied=denied).check(**settings)
    assert refused.value.code == code


# --- In the service


def gated(result: str = "FAIL") -> Pipeline:
    rule = Rule("Built", "CodeBuild", (("ProjectName", "checker"),), ("Source",))
    stage = Stage("Deploy", (build("Deploy", configuration=(("ProjectName", "builder"),)),))
    gate = Stage("Deploy", stage.actions, before_entry=(Condition(result, (rule,)),))
    settings = (("RepositoryName", "app"), ("BranchName", "main"))
    return pipeline(Stage("Source", (source(configuration=settings),)), gate)


async def until(rig: Rig, id_: str, status: str) -> None:
    for _ in range(6_000):
        found = rig.pipelines.book("demo").find(id_)
        if found is not None and found.status == status:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(rig.pipelines.book("demo"))


async def test_a_rule_of_codebuild_runs_its_project_first(tmp_path: Path) -> None:
    world = World()
    rig = Rig(world, tmp_path, gated())
    id_ = rig.pipelines.do("demo", commands.start("StartPipelineExecution", "me"))
    await until(rig, id_, "Succeeded")
    assert [order.project for order in world.orders] == ["checker", "builder"]
    state = await rig.call("GetPipelineState", name="demo")
    entry = state["stageStates"][1]["beforeEntryConditionState"]
    assert entry["conditionStates"][0]["ruleStates"][0]["latestExecution"]["status"] == "Succeeded"
    await rig.pipelines.stop()


async def test_a_check_goes_on_after_a_restart(tmp_path: Path) -> None:
    """It is followed by the build's id: no second build is started."""
    world = World()
    world.release.clear()
    rig = Rig(world, tmp_path, gated())
    id_ = rig.pipelines.do("demo", commands.start("StartPipelineExecution", "me"))
    while not world.waited:
        await asyncio.sleep(0.01)
    await rig.pipelines.stop()
    again = Rig(world, tmp_path, gated())
    world.release.set()
    await until(again, id_, "Succeeded")
    assert [order.project for order in world.orders] == ["checker", "builder"]
    await again.pipelines.stop()
