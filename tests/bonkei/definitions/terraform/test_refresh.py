"""Nothing is refreshed, and nothing is lost by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

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
