"""`bonkei apply`: the running miniature follows Terraform, and no request is dropped.

An apply costs ten seconds of a processor, so several tests share one: what it changes for one test
has nothing to do with what it changes for another. test_guide.py rotates the secrets.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from foreground import Running, running
from miniatures import (
    ANSWER,
    OFTEN,
    PATIENCE,
    WAIT,
    Project,
    applied_copy,
    eventually,
    removed,
    visitors,
)

SELDOM = 0.05  # seconds; no reader comes late when Terraform has ended
pytestmark = pytest.mark.timeout(900)  # whichever test is the first makes what it shares


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("changing")
    project = applied_copy(folder, tmp_path_factory)
    with removed(project), running(project) as miniature:
        yield miniature


class Pace:
    """The seconds between two visits of a reader. They come seldom while an apply is only
    Terraform's, which changes nothing of the miniature."""

    def __init__(self) -> None:
        self._pause = OFTEN

    def __call__(self) -> float:
        return self._pause

    def apply(self, project: Project) -> None:
        """Terraform has ended when the command prints the changes, its first line."""
        self._pause = SELDOM
        try:
            with project.start("apply") as command:
                assert command.stdout is not None
                command.stdout.readline()
                self._pause = OFTEN
                said = command.stdout.read()
                assert command.wait(PATIENCE) == 0, said
        finally:
            self._pause = OFTEN


def task_ids(project: Project, family: str) -> set[str]:
    tasks = project.status()["tasks"]["tasks"]
    return {
        task["id"]
        for task in tasks
        if f"-{family}:" in task["task_definition"] and task["last_status"] == "RUNNING"
    }


def test_a_saved_template_is_served_without_a_restart(changing: Running) -> None:
    """`bonkei watch`: the same tasks serve it, and a fault stays on the screen."""
    project = changing.project
    template, whole = "program/frontend/frontend/templates/base.html", "</title>"
    before, file = task_ids(project, "frontend"), project.folder / template
    original = file.read_text(encoding="utf-8")
    try:
        with project.start("watch", "--json") as watching:
            saved_and_broken(project, watching, template, whole)
    finally:
        file.write_text(original, encoding="utf-8")  # the other tests need its pages
    assert task_ids(project, "frontend") == before


def saved_and_broken(
    project: Project, watching: subprocess.Popen[str], template: str, whole: str
) -> None:
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["event"] == "watching"
    project.edit(template, whole, f" saved{whole}")
    assert [json.loads(watching.stdout.readline())["event"] for _ in "12"] == [
        "changed", "refreshed",
    ]  # fmt: skip
    assert " saved</title>" in httpx.get(project.site, timeout=ANSWER).text
    project.edit(template, whole, f"{whole}{{% if %}}")
    watching.stdout.readline()
    failed = json.loads(watching.stdout.readline())
    assert "templates/base.html:" in failed["message"]
    assert " saved</title>" in httpx.get(project.site, timeout=ANSWER).text
    watching.send_signal(signal.SIGINT)
    assert watching.wait(WAIT) == 0


@dataclass(frozen=True, slots=True)
class Backend:
    """Its tasks, and the answer where only a longer listener rule leads to it."""

    tasks: set[str]
    elsewhere: httpx.Response


def backend(project: Project) -> Backend:
    answer = httpx.get(f"{project.site}/elsewhere/v1/{uuid4()}", timeout=ANSWER)
    return Backend(task_ids(project, "backend"), answer)


@dataclass(frozen=True, slots=True)
class Rolled:
    """Another variable of the tasks, a higher number of them and a longer listener rule: one apply.

    `before` and `after`: the backend. `troubles`: of readers of pages, and of what never comes from
    a cache.
    """

    before: Backend
    after: Backend
    troubles: list[str]


@pytest.fixture(scope="module")
def rolled(changing: Running) -> Rolled:
    project = changing.project
    variables = "infrastructure/environments/development.tfvars"
    one, two = "min_capacity = 1, max_capacity = 2", "min_capacity = 2, max_capacity = 2"
    patterns = '["/api/*"]', '["/api/*", "/elsewhere/*"]'
    before = backend(project)
    days = "log_retention_days        = 7"
    project.edit(variables, days, 'log_retention_days  = 7\nlog_level = "DEBUG"')
    project.edit(variables, one, two)
    project.edit("infrastructure/main.tf", *(f"path_patterns     = {each}" for each in patterns))
    anew, pace = f"{project.site}/api/v1/components/{uuid4()}", Pace()
    with (
        visitors(project, pause=pace) as troubles,
        visitors(project, anew, expected=404, pause=pace) as of_the_database,
    ):
        pace.apply(project)
        eventually(
            lambda: len(now := task_ids(project, "backend")) == 2 and not now & before.tasks,
            "two new tasks run, and the old one is gone",
            PATIENCE,
        )
        after = backend(project)
    return Rolled(before, after, [*troubles, *of_the_database])


def test_an_environment_variable_is_rolled_out(changing: Running, rolled: Rolled) -> None:
    shown = changing.project.bonkei("env", "backend", "--json")
    assert json.loads(shown.stdout)["environment"]["LOG_LEVEL"] == "DEBUG"
    assert rolled.troubles == []


def test_the_desired_count_changes(rolled: Rolled) -> None:
    assert [len(each.tasks) for each in (rolled.before, rolled.after)] == [1, 2]
    assert rolled.troubles == []


def test_a_listener_rule_changes(rolled: Rolled) -> None:
    before, after = rolled.before.elsewhere, rolled.after.elsewhere
    assert before.status_code == 404
    assert "text/html" in before.headers["content-type"]
    assert "json" in after.headers["content-type"]
    assert rolled.troubles == []


def target_states(project: Project) -> set[str]:
    groups = project.status()["edge"]["target_groups"]
    return {target["state"] for group in groups for target in group["targets"]}


RULE_FILE = "infrastructure/modules/service/main.tf"
RULE = '"From ${each.key}"\n  ip_protocol                  = "tcp"'
CLOSED = RULE.replace("tcp", "udp")
ALARM, GROUP = "statuspage-development-backend-5xx", "/ecs/statuspage-development/frontend"
OUTSIDE = {
    'module.monitoring.aws_cloudwatch_metric_alarm.this["backend-5xx"]',
    "module.frontend_task.aws_cloudwatch_log_group.this",
}


@pytest.fixture(scope="module")
def closed(changing: Running) -> subprocess.CompletedProcess[str]:
    """The apply without a rule of a security group."""
    changing.project.edit(RULE_FILE, RULE, CLOSED)
    return changing.project.bonkei("apply")


@pytest.fixture(scope="module")
def put_back(changing: Running, closed: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The plan after two changes by calls. Then an apply puts back these, and the rule."""
    project = changing.project
    assert closed.returncode == 1
    assert project.status()["outside"] == []
    project.client("cloudwatch").delete_alarms(AlarmNames=[ALARM])
    project.client("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    assert {each["address"] for each in project.status()["outside"]} == OUTSIDE
    project.edit(RULE_FILE, CLOSED, RULE)
    planned: dict[str, Any] = json.loads(project.bonkei("plan", "--json").stdout)
    project.bonkei("apply")
    return planned


def test_a_missing_rule_of_a_security_group_is_reported(
    changing: Running, closed: subprocess.CompletedProcess[str]
) -> None:
    """Targets are unhealthy within seconds. The status names the group, its file and its line."""
    project = changing.project
    assert closed.returncode == 1
    assert "backend: the load balancer does not reach its tasks: " in closed.stdout
    eventually(lambda: target_states(project) == {"unhealthy"}, "all are unhealthy")
    obstacles = project.status()["network"]["obstacles"]
    assert {each["source"] for each in obstacles} >= {"the load balancer"}
    [why, *_] = [each["why"] for each in obstacles if each["source"] == "the load balancer"]
    assert "lets nothing in from module.edge.aws_security_group.load_balancer" in why
    assert f"{RULE_FILE}:" in project.bonkei("status").stdout
    assert httpx.get(f"{project.site}/{uuid4()}", timeout=ANSWER).status_code == 504


def test_a_change_by_a_call_is_drift_and_an_apply_changes_it_back(
    changing: Running, put_back: dict[str, Any]
) -> None:
    project = changing.project
    assert {each["address"] for each in put_back["outside"]} >= OUTSIDE
    assert {each["address"] for each in put_back["changes"]} >= OUTSIDE
    alarms = project.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    assert [each["AlarmName"] for each in alarms] == [ALARM]
    groups = project.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert groups[0]["retentionInDays"] == 7
    assert project.status()["outside"] == []


def test_a_rule_that_is_back_lets_requests_in_again(
    changing: Running, put_back: dict[str, Any]
) -> None:
    project = changing.project
    eventually(lambda: "healthy" in target_states(project), "healthy again", PATIENCE)
    eventually(
        lambda: httpx.get(f"{project.site}/{uuid4()}", timeout=ANSWER).status_code == 404,
        "it answers again",
    )
    assert project.status()["network"]["obstacles"] == []


def test_a_failed_change_leaves_everything_unchanged(changing: Running) -> None:
    project = changing.project
    state = project.home / "terraform" / "terraform.tfstate"
    before, tasks = state.read_bytes(), task_ids(project, "backend")
    project.edit("infrastructure/main.tf", "priority          = 100", "priority          = 0")
    outcome = project.bonkei("apply")
    assert outcome.returncode == 1
    assert httpx.get(project.site, timeout=ANSWER).status_code == 200
    assert (state.read_bytes(), task_ids(project, "backend")) == (before, tasks)
