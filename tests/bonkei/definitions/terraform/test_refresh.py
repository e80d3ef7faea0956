"""Only what others have changed is refreshed, and nothing is lost by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from bonkei.base.kept import DamagedError
from bonkei.definitions.refresh.observe import Observed
from bonkei.definitions.terraform.runs import run as runs
from tests.bonkei.definitions.terraform.project import Project

MAIN = """
data "aws_region" "this" {}

resource "aws_sqs_queue" "first" {
  name = "first-${data.aws_region.this.region}"
}

resource "aws_sqs_queue" "second" {
  name = "second"
}
"""
LATER = MAIN.replace('name = "second"', 'name = "second"\n  depends_on = [aws_sqs_queue.first]')


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Terraform says."""
    found: list[str] = []
    real: Callable[..., runs.Result] = runs.run

    def run(*arguments: Any, on_line: Callable[[str], None], **options: Any) -> runs.Result:
        def listen(line: str) -> None:
            found.append(line)
            on_line(line)

        return real(*arguments, on_line=listen, **options)

    monkeypatch.setattr(runs, "run", run)
    return found


def test_no_resource_is_read_again_and_dependencies_are_brought_up_to_date(
    new_project: Callable[[], Project], said: list[str]
) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", MAIN)
    workspace = project.workspace()
    workspace.apply()
    project.write("infrastructure/main.tf", LATER)
    said.clear()
    assert workspace.plan().is_empty
    assert dataclasses.astuple(workspace.apply()) == (0, 0, 0, 0)
    assert said
    assert not [line for line in said if '"refresh_start"' in line]
    assert [line for line in said if '"type":"apply_start"' in line and '"data.aws_region' in line]
    resources = workspace.state()["values"]["root_module"]["resources"]
    depends_on = {each["name"]: each.get("depends_on", []) for each in resources}
    assert "aws_sqs_queue.first" in depends_on["second"]
    assert workspace.destroy().removed == 2
    assert not [line for line in said if '"refresh_start"' in line]


WATCHED = """
resource "aws_cloudwatch_log_group" "app" {
  name              = "/app"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_group" "free" {
  name = "/free"
  lifecycle { ignore_changes = [retention_in_days] }
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "cpu"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "CPUUtilization"
  namespace           = "AWS/ECS"
  period              = 60
  statistic           = "Average"
  threshold           = 80
}
"""
CHANGED: Observed = {
    "aws_cloudwatch_log_group": {
        "/app": {"retention_in_days": 1},
        "/free": {"retention_in_days": 3},
    },
    "aws_cloudwatch_metric_alarm": {"cpu": None},
}


def test_what_others_have_changed_is_shown_and_changed_back(
    new_project: Callable[[], Project],
) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", WATCHED)
    workspace = project.workspace()
    workspace.apply()
    unchanged = workspace.plan(observed={})
    assert unchanged.is_empty
    assert "Nor has a call changed" in unchanged.render()
    assert workspace.plan(observed=CHANGED).render().splitlines() == [
        "Changed outside of Terraform since the last apply:",
        "~ aws_cloudwatch_log_group.app",
        "    retention_in_days: 7 → 1",
        "~ aws_cloudwatch_log_group.free",
        "    retention_in_days: 0 → 3",
        "- aws_cloudwatch_metric_alarm.cpu",
        "",
        "~ aws_cloudwatch_log_group.app",
        "    retention_in_days: 1 → 7",
        "+ aws_cloudwatch_metric_alarm.cpu",
        "",
        "1 to add, 1 to change",
    ]
    assert dataclasses.astuple(workspace.apply(observed=CHANGED)) == (1, 1, 0, 0)
    assert workspace.plan(observed={}).is_empty
    resources = workspace.state()["values"]["root_module"]["resources"]
    days = {each["name"]: each["values"].get("retention_in_days") for each in resources}
    assert days == {"app": 7, "free": 3, "cpu": None}


def test_a_damaged_state_is_not_taken_for_one_without_resources(
    new_project: Callable[[], Project],
) -> None:
    workspace = new_project().workspace()
    assert workspace.written() == {}
    workspace.state_file.parent.mkdir(parents=True, exist_ok=True)
    workspace.state_file.write_text('{"resources": [')
    with pytest.raises(DamagedError, match=r"terraform\.tfstate is damaged: it is not JSON"):
        workspace.written()


def test_a_change_that_the_definitions_ignore_is_only_shown(
    new_project: Callable[[], Project],
) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", WATCHED)
    workspace = project.workspace()
    workspace.apply()
    free: Observed = {"aws_cloudwatch_log_group": {"/free": {"retention_in_days": 3}}}
    shown = workspace.plan(observed=free)
    assert shown.is_empty
    assert shown.render().splitlines()[1:3] == [
        "~ aws_cloudwatch_log_group.free",
        "    retention_in_days: 0 → 3",
    ]
    assert shown.render().endswith("No changes: the definitions leave that as it is.")
    document = shown.as_dict()
    assert [each["address"] for each in document["outside"]] == ["aws_cloudwatch_log_group.free"]
    assert document["compared_with"] == "what runs"
