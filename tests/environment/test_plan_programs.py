"""A plan never puts programs back, neither one released during the plan nor one released before
it.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from buildspecs import BUILDSPECS

SCRIPT = BUILDSPECS / "plan_programs.py"
REGISTRY = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"
PARAMETER = "/app/backend/image-tag"


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plan_programs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["plan_programs"] = module
    spec.loader.exec_module(module)
    return module


def plan(
    *, released: str = "a", registered: str = "a", revision: int = 5, actions: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A plan with a parameter, a task definition and a bucket. `actions` are those of the
    second.
    """
    containers = [
        {"name": "web", "image": f"{REGISTRY}/app/backend:{registered}"},
        {"name": "other", "image": "public.ecr.aws/thing:1"},
    ]
    task = {
        "family": "app-backend",
        "revision": revision,
        "container_definitions": json.dumps(containers),
    }
    parameter = {"name": PARAMETER, "insecure_value": released, "value": released}
    found = [
        ("aws_ssm_parameter", ["no-op"], parameter),
        ("aws_ssm_parameter", ["no-op"], {"name": "/app/other", "value": "x"}),
        ("aws_ecs_task_definition", list(actions) or ["no-op"], task),
        ("aws_s3_bucket", ["update"], {"bucket": "b"}),
    ]
    changes = [
        {"mode": "managed", "type": kind, "change": {"actions": verbs, "before": before}}
        for kind, verbs, before in found
    ]
    return {"resource_changes": changes}


class Account:
    """The programs that run now."""

    def __init__(self, tag: str = "a", revision: int = 5) -> None:
        self.tag = tag
        self.revision = revision
        self.calls: list[tuple[str, ...]] = []

    def __call__(self, *arguments: str) -> Any:
        self.calls.append(arguments)
        if arguments[:2] == ("ssm", "get-parameters"):
            return {"Parameters": [{"Name": PARAMETER, "Value": self.tag}]}
        assert arguments[:2] == ("ecs", "describe-task-definition")
        return {"taskDefinition": {"revision": self.revision}}


REPLACE = ("delete", "create")


def test_a_plan_without_a_newer_release_is_applied(module: ModuleType) -> None:
    assert module.refuse_to_put_back(plan(actions=REPLACE), "plan", Account())
    assert module.refuse_to_put_back(plan(actions=REPLACE), "apply", Account())


def test_a_plan_older_than_a_release_is_refused_with_the_release(module: ModuleType) -> None:
    with pytest.raises(module.PlanError) as refused:
        module.refuse_to_put_back(plan(actions=REPLACE), "apply", Account("b", 6))
    said = str(refused.value)
    assert f"{PARAMETER} is b, and the plan has a" in said
    assert "app-backend is at revision 6, and the plan has 5" in said
    assert "release the infrastructure again" in said


def test_a_release_in_progress_is_noticed_too(module: ModuleType) -> None:
    """Deploy has registered a revision. Nothing is verified yet, so the parameter is unchanged."""
    with pytest.raises(module.PlanError, match="revision 6"):
        module.refuse_to_put_back(plan(actions=REPLACE), "apply", Account("a", 6))


def test_a_plan_made_during_a_release_is_refused(module: ModuleType) -> None:
    found = plan(released="a", registered="b", actions=REPLACE)
    with pytest.raises(module.PlanError, match="app-backend is registered with b, but a is"):
        module.refuse_to_put_back(found, "plan", Account())


def test_a_missing_parameter_is_no_release(module: ModuleType) -> None:
    account = Account()
    answer = account.__call__
    gone = lambda *words: {"Parameters": []} if words[0] == "ssm" else answer(*words)  # noqa: E731
    with pytest.raises(module.PlanError, match="image-tag is gone"):
        module.refuse_to_put_back(plan(actions=REPLACE), "apply", gone)


def test_a_plan_without_programs_is_applied_at_any_time(module: ModuleType) -> None:
    account = Account("b", 6)
    assert module.refuse_to_put_back(plan(), "apply", account)
    assert module.refuse_to_put_back(plan(registered="b"), "plan", account)
    assert account.calls == []


def test_the_very_first_plan_needs_nothing(module: ModuleType) -> None:
    created = {
        "resource_changes": [
            {
                "mode": "managed",
                "type": "aws_ecs_task_definition",
                "change": {"actions": ["create"], "before": None},
            }
        ]
    }
    assert module.refuse_to_put_back(created, "apply", Account())
    assert module.refuse_to_put_back({}, "apply", Account())


def test_the_script_ends_as_the_buildspec_expects(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(registered="b", actions=REPLACE)), encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    refused = run("plan", str(file))
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: a release of the programs is running")
    assert run("later", str(file)).returncode == 1
    file.write_text("{}", encoding="utf-8")
    assert run("plan", str(file)).returncode == 0
