"""The line that an approver of a plan reads."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "environment" / "buildspecs" / "plan_summary.py"


@pytest.fixture(scope="module")
def plan_summary() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plan_summary", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plan(*changes: tuple[str, list[str]]) -> dict[str, Any]:
    return {
        "resource_changes": [
            {"address": address, "change": {"actions": actions, "after": {"password": "hunter2"}}}
            for address, actions in changes
        ]
    }


def test_dangerous_changes_come_first(plan_summary: ModuleType) -> None:
    text = plan_summary.summary(
        plan(
            ("aws_a.new", ["create"]),
            ("aws_b.same", ["no-op"]),
            ("aws_c.gone", ["delete"]),
            ("aws_d.moved", ["delete", "create"]),
            ("aws_e.safe", ["create", "delete"]),
            ("aws_f.changed", ["update"]),
            ("data.aws_g.read", ["read"]),
            ("aws_h.left", ["forget"]),
        )
    )
    assert text == (
        "replace 2, destroy 1, forget 1, create 1, update 1: replace aws_d.moved, "
        "replace aws_e.safe, destroy aws_c.gone, forget aws_h.left, create aws_a.new, "
        "update aws_f.changed"
    )


def test_what_others_changed_is_named_where_the_plan_puts_it_back(plan_summary: ModuleType) -> None:
    """A release's task definition and an ignored count drift, too, and nothing comes of it."""
    found = plan(("aws_a.b", ["update"]), ("aws_c.d", ["create"]), ("aws_e.f", ["no-op"]))
    found["resource_drift"] = [{"address": each} for each in ("aws_a.b", "aws_e.f")]
    assert plan_summary.summary(found) == (
        "create 1, update 1, changed outside Terraform 1: "
        "create aws_c.d, update aws_a.b, changed outside Terraform aws_a.b"
    )


def test_a_move_and_an_import_are_changes(plan_summary: ModuleType) -> None:
    """Terraform's own exit code says so, too."""
    found = plan(("aws_a.new", ["no-op"]), ("aws_b.found", ["no-op"]), ("aws_c.same", ["no-op"]))
    found["resource_changes"][0]["previous_address"] = "aws_a.old"
    found["resource_changes"][1]["change"]["importing"] = {"id": "b"}
    said = "import 1, move 1: import aws_b.found, move aws_a.new"
    assert plan_summary.summary(found) == said


def test_no_value_of_the_plan_is_shown(plan_summary: ModuleType) -> None:
    assert "hunter2" not in plan_summary.summary(plan(("aws_a.x", ["create"])))


def test_the_line_fits_into_an_approval(plan_summary: ModuleType) -> None:
    changes = [(f"module.some_module.aws_resource.name[{n}]", ["create"]) for n in range(500)]
    text = plan_summary.summary(plan(*changes))
    assert len(text) <= 600
    assert text.startswith("create 500: ")


@pytest.mark.parametrize(
    ("value", "text"),
    [({}, "no changes"), ({"output_changes": {"a": {}}}, "only outputs change")],
)
def test_a_plan_without_resources(plan_summary: ModuleType, value: Any, text: str) -> None:
    assert plan_summary.summary(value) == text


def test_the_script_runs_as_in_the_buildspec() -> None:
    given = json.dumps(plan(("aws_a.new", ["create"])))
    outcome = subprocess.run(
        [sys.executable, str(SCRIPT)], input=given, capture_output=True, text=True, check=True
    )
    assert outcome.stdout == "create 1: create aws_a.new\n"
