"""Degraded or ready, with the reason: derived from snapshots alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.analysis.network.obstacles import Obstacle
from bonkei.blueprint import Blueprint
from bonkei.miniature.measures.recent import Answers
from bonkei.miniature.parts.network.network import NetworkSnapshot
from bonkei.miniature.report.status import Noticed, compose_status, judge_state
from bonkei.miniature.report.status_text import render
from bonkei.miniature.rollout.diagnosis import diagnose, find_unhealthy, names
from bonkei.services.ecs import FileLogSink, LogLine, TasksSnapshot
from bonkei.services.ecs.snapshot import DeploymentSnapshot, ServiceSnapshot, TaskSnapshot
from bonkei.services.edge import EdgeSnapshot
from bonkei.services.edge.snapshot import TargetGroupState, TargetState
from bonkei.services.faults.values import FaultsSnapshot, FaultState
from bonkei.services.rds.snapshot import DatabaseSnapshot

DEPLOYMENT = DeploymentSnapshot("d", "PRIMARY", "web:1", "COMPLETED", 1, 0, 0)
SERVICE = ServiceSnapshot("arn:web", "app-web", 1, 1, 0, 1, (DEPLOYMENT,))
DATABASE = DatabaseSnapshot("db", "available", "h:5432", "app", "PostgreSQL", 1, "", "", 0, 0, ())
EXITED = "Essential container in task exited (web: exit code 3)"


def task(identifier: str, reason: str = "", group: str = "service:app-web") -> TaskSnapshot:
    return TaskSnapshot(identifier, group, "web:1", "STOPPED", "", reason, "", (), None, 0, 0)


def tasks(service: ServiceSnapshot, *stopped: TaskSnapshot) -> TasksSnapshot:
    return TasksSnapshot((service,), (), stopped, ())


def test_a_service_with_all_its_tasks_is_healthy() -> None:
    assert list(find_unhealthy(tasks(SERVICE, task("a", EXITED)))) == []
    nothing_wanted = replace(SERVICE, desired_count=0, healthy_count=0)
    assert list(find_unhealthy(tasks(nothing_wanted))) == []
    growing = replace(SERVICE, desired_count=3, pending_count=2)
    assert list(find_unhealthy(tasks(growing))) == []
    not_run = replace(SERVICE, healthy_count=0, refused="no directory")
    assert list(find_unhealthy(tasks(not_run))) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (replace(SERVICE, healthy_count=0), f"0 of 1 healthy: {EXITED}"),
        (
            replace(SERVICE, desired_count=2, deployments=(replace(DEPLOYMENT, reason="x"),)),
            f"1 of 2 healthy: {EXITED}",
        ),
        (replace(SERVICE, failure="circuit breaker"), "1 of 1 healthy: circuit breaker"),
        (
            replace(
                SERVICE,
                deployments=(replace(DEPLOYMENT, rollout_state="IN_PROGRESS", failed_tasks=2),),
            ),
            f"1 of 1 healthy: {EXITED}",
        ),
    ],
)
def test_an_unhealthy_service_is_reported_with_its_reason(
    changed: ServiceSnapshot, reason: str
) -> None:
    replaced = task("b", "Scaling activity initiated by (deployment x)")
    (found,) = find_unhealthy(tasks(changed, task("a", EXITED), replaced))
    assert (found.name, found.reason) == ("app-web", reason)


def test_a_failed_service_is_reported_with_its_last_output(tmp_path: Path) -> None:
    sink = FileLogSink(tmp_path)
    for identifier, text in (("a", "the one before"), ("b", "boom"), ("b", "bang")):
        sink.write([LogLine("app-web", "web", identifier, "stderr", 1_700_000_000, text)])
    sink.close()
    snapshot = tasks(SERVICE, task("a", EXITED), task("b", EXITED), task("c", EXITED, "service:x"))
    found = diagnose("app-web", "Essential container in task exited", snapshot, tmp_path)
    assert (found.reason, found.last_words) == (EXITED, ("boom", "bang"))
    told = "\n".join(found.lines())
    assert "exit code 3" in told
    assert "| bang" in told
    assert "bonkei logs app-web" in told
    covering = f"circuit breaker: {EXITED}"
    assert diagnose("app-web", covering, snapshot, tmp_path).reason == covering


def test_the_python_error_of_a_failed_task_is_named_before_its_routers_words(
    tmp_path: Path,
) -> None:
    traceback = [
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 3, in <module>',
        "    int(port)",
        '  File "/usr/lib/python3.11/x.py", line 9, in x',
        "ValueError: invalid port",
    ]
    sink = FileLogSink(tmp_path)
    for container, texts in (("web", traceback), ("router", [f"[info] {n}" for n in range(20)])):
        lines = [LogLine("app-web", container, "b", "stderr", 1_700_000_000, t) for t in texts]
        sink.write(lines)
    sink.close()
    found = diagnose("app-web", EXITED, tasks(SERVICE, task("b", EXITED)), tmp_path)
    assert names([found]) == "app-web (ValueError: invalid port, /app/main.py:3)"


def test_without_a_task_the_given_reason_is_kept(tmp_path: Path) -> None:
    found = diagnose("app-web", "no task is healthy yet", tasks(SERVICE), tmp_path)
    assert (found.reason, found.last_words) == ("no task is healthy yet", ())


def status_of(
    found: TasksSnapshot, database: str = "available", *, started: bool = True
) -> dict[str, object]:
    """The status of a miniature with these tasks, a database, and nothing else."""
    edge, databases = EdgeSnapshot(), [replace(DATABASE, status=database)]
    others = ("cloud", "logs", "monitor", "functions", "network", "console", "faults")
    parts = dict.fromkeys(others) | dict.fromkeys(("stacks", "builds", "pipelines", "caches"), ())
    judged = judge_state(started, Blueprint(), edge, found, databases)
    return compose_status(
        judged, Blueprint(), parts | {"edge": edge, "tasks": found, "databases": databases}
    )


def status(*, started: bool, healthy: int = 1, database: str = "available") -> dict[str, object]:
    return status_of(tasks(replace(SERVICE, healthy_count=healthy)), database, started=started)


def test_the_status_distinguishes_ready_from_degraded() -> None:
    assert status(started=False, healthy=0)["state"] == "starting"
    ready = status(started=True)
    assert (ready["state"], ready["ready"], ready["unhealthy"]) == ("ready", True, [])
    assert render(ready).splitlines()[0] == "ready"
    degraded = status(started=True, healthy=0, database="failed")
    assert (degraded["state"], degraded["ready"]) == ("degraded", False)
    head, web, db = render(degraded).splitlines()[:3]
    assert (head, web) == ("degraded", "  app-web: 0 of 1 healthy")
    assert db == "  db: the database is failed"


OBSTACLE = Obstacle("app-web", "db", "aws_security_group.db lets nothing in")
FAULT = FaultState("f", "db refuses connections", "refuse", "database:db", 0, 60, 30, "", "")


@pytest.mark.parametrize(
    ("noticed", "states", "reasons"),
    [
        (Noticed(Answers(1000, 10)), (), ["10 of 1000 requests of the last minute got a 5xx"]),
        (Noticed(Answers(1000, 9)), (), []),
        (Noticed(Answers(2, 2)), (), []),
        (Noticed(), ("unhealthy",), ["no target is healthy (Target.Timeout)"]),
        (Noticed(), ("unhealthy", "healthy"), []),
        (Noticed(), ("initial",), []),
        (Noticed(faults=FaultsSnapshot((FAULT,))), (), ["a fault: db refuses connections"]),
        (Noticed(faults=FaultsSnapshot((), (FAULT,))), (), []),
        (
            Noticed(network=NetworkSnapshot("on", (OBSTACLE,))), (),
            ["app-web does not reach it: aws_security_group.db lets nothing in"],
        ),
        (Noticed(network=NetworkSnapshot("report", (OBSTACLE,))), (), []),
    ],
)  # fmt: skip
def test_what_visitors_notice_is_not_called_ready(
    noticed: Noticed, states: tuple[str, ...], reasons: list[str]
) -> None:
    targets = tuple(
        TargetState("t", "h", 1, state, "Target.Timeout" if state == "unhealthy" else "", 0)
        for state in states
    )
    edge = EdgeSnapshot(target_groups=(TargetGroupState("arn:g", "g", "web", targets),))
    judged = judge_state(True, Blueprint(), edge, tasks(SERVICE), [DATABASE], noticed)
    assert judged.state == ("degraded" if reasons else "ready")
    assert [one.reason for one in judged.unhealthy] == reasons


@pytest.mark.parametrize(
    ("state", "shown"), [("COMPLETED", f"(earlier: {EXITED})"), ("IN_PROGRESS", f"  {EXITED}")]
)
def test_the_status_distinguishes_a_past_reason_from_a_present_one(state: str, shown: str) -> None:
    deployment = replace(DEPLOYMENT, rollout_state=state, reason=EXITED)
    snapshot = tasks(replace(SERVICE, deployments=(deployment,)))
    (line,) = [
        line for line in render(status_of(snapshot)).splitlines() if line.startswith("  app-web  ")
    ]
    assert line.endswith(shown)


def test_the_status_shows_a_scheduled_task_whose_last_run_failed() -> None:
    def run(identifier: str, by: str, *, failed: bool) -> TaskSnapshot:
        ended = task(identifier, EXITED if failed else "", "family:job")
        return replace(ended, started_by=by, failed=failed)

    snapshot = tasks(
        SERVICE,
        run("a", "events-rule/nightly", failed=False),
        run("b", "events-rule/nightly", failed=True),
        run("c", "events-rule/hourly", failed=True),
        run("d", "events-rule/hourly", failed=False),
        replace(task("e", EXITED), failed=True),  # its service replaces it
    )
    text = render(status_of(snapshot))
    _title, row, *_ = text[text.index("FAILED TASKS") :].splitlines()
    assert row.split(maxsplit=3) == ["b", "web:1", "events-rule/nightly", EXITED]
    assert "hourly" not in text
    assert "FAILED TASKS" not in render(status_of(tasks(SERVICE, task("e", EXITED))))
