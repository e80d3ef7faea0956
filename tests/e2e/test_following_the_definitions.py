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


def test_a_change_by_a_call_is_drift_and_an_apply_changes_it_back(changing: Running) -> None:
    project = changing.project
    alarm, group = "statuspage-development-backend-5xx", "/ecs/statuspage-development/frontend"

    def ask(*words: str) -> Any:
        return json.loads(project.bonkei("aws", "--", *words, "--output", "json").stdout or "null")

    assert project.status()["outside"] == []
    ask("cloudwatch", "delete-alarms", "--alarm-names", alarm)
    ask("logs", "put-retention-policy", "--log-group-name", group, "--retention-in-days", "1")
    addresses = {
        'module.monitoring.aws_cloudwatch_metric_alarm.this["backend-5xx"]',
        "module.frontend_task.aws_cloudwatch_log_group.this",
    }
    assert {each["address"] for each in project.status()["outside"]} == addresses
    planned = json.loads(project.bonkei("plan", "--json").stdout)
    assert addresses <= {each["address"] for each in planned["outside"]}
    assert addresses <= {each["address"] for each in planned["changes"]}
    project.bonkei("apply")
    found = ask("cloudwatch", "describe-alarms", "--alarm-names", alarm)["MetricAlarms"]
    assert [each["AlarmName"] for each in found] == [alarm]
    groups = ask("logs", "describe-log-groups", "--log-group-name-prefix", group)["logGroups"]
    assert groups[0]["retentionInDays"] == 7
    assert project.status()["outside"] == []


def target_states(project: Project) -> set[str]:
    groups = project.status()["edge"]["target_groups"]
    return {target["state"] for group in groups for target in group["targets"]}


def test_a_missing_rule_of_a_security_group_is_reported_and_comes_back(changing: Running) -> None:
    """Targets are unhealthy within seconds. The status names the group, its file and its line."""
    project = changing.project
    file = "infrastructure/modules/service/main.tf"
    rule = '"From ${each.key}"\n  ip_protocol                  = "tcp"'
    project.edit(file, rule, rule.replace("tcp", "udp"))
    applied = project.bonkei("apply")
    assert applied.returncode == 1
    assert "backend: the load balancer does not reach its tasks: " in applied.stdout
    eventually(lambda: target_states(project) == {"unhealthy"}, "all are unhealthy")
    closed = project.status()["network"]["obstacles"]
    assert {each["source"] for each in closed} >= {"the load balancer"}
    [why, *_] = [each["why"] for each in closed if each["source"] == "the load balancer"]
    assert "lets nothing in from module.edge.aws_security_group.load_balancer" in why
    assert "infrastructure/modules/service/main.tf:" in project.bonkei("status").stdout
    assert httpx.get(f"{project.site}/{uuid4()}", timeout=ANSWER).status_code == 504

    project.edit(file, rule.replace("tcp", "udp"), rule)
    project.bonkei("apply")
    eventually(lambda: "healthy" in target_states(project), "healthy again", PATIENCE)
    eventually(
        lambda: httpx.get(f"{project.site}/{uuid4()}", timeout=ANSWER).status_code == 404,
        "it answers again",
    )
    assert project.status()["network"]["obstacles"] == []


def test_a_failed_change_leaves_everything_unchanged(changing: Running) -> None:
    project = changing.project
    project.edit("infrastructure/main.tf", "priority          = 100", "priority          = 0")
    outcome = project.bonkei("apply")
    assert outcome.returncode == 1
    assert httpx.get(project.site, timeout=ANSWER).status_code == 200
    project.edit("infrastructure/main.tf", "priority          = 0", "priority          = 100")
    assert "No changes" in project.bonkei("plan").stdout
