"""A plan never puts programs back: neither one made in a release, nor one made before it."""

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
    """A plan with a parameter, a task definition and a bucket; `actions` on the second."""
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
    """What runs now."""

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


def test_a_plan_that_programs_have_not_moved_on_from_is_applied(module: ModuleType) -> None:
    assert module.refuse_to_put_back(plan(actions=REPLACE), "plan", Account())
    assert module.refuse_to_put_back(plan(actions=REPLACE), "apply", Account())


def test_a_release_since_the_plan_is_named_and_the_plan_refused(module: ModuleType) -> None:
    with pytest.raises(module.PlanError) as refused:
        module.refuse_to_put_back(plan(actions=REPLACE), "apply", Account("b", 6))
    said = str(refused.value)
    assert f"{PARAMETER} is b, and the plan has a" in said
    assert "app-backend is at revision 6, and the plan has 5" in said
    assert "release the infrastructure again" in said


def test_a_release_that_is_under_way_is_noticed_as_well(module: ModuleType) -> None:
    """Deploy has registered a revision; nothing is verified, so the parameter is as it was."""
    with pytest.raises(module.PlanError, match="revision 6"):
        module.refuse_to_put_back(plan(actions=REPLACE), "apply", Account("a", 6))


def test_a_plan_in_the_middle_of_a_release_is_refused(module: ModuleType) -> None:
    found = plan(released="a", registered="b", actions=REPLACE)
    with pytest.raises(module.PlanError, match="app-backend is registered with b, but a is"):
        module.refuse_to_put_back(found, "plan", Account())


def test_a_parameter_that_is_gone_is_no_release(module: ModuleType) -> None:
    account = Account()
    answer = account.__call__
    gone = lambda *words: {"Parameters": []} if words[0] == "ssm" else answer(*words)  # noqa: E731
    with pytest.raises(module.PlanError, match="image-tag is gone"):
        module.refuse_to_put_back(plan(actions=REPLACE), "apply", gone)


def test_a_plan_that_leaves_programs_alone_is_applied_at_any_time(module: ModuleType) -> None:
    account = Account("b", 6)
    assert module.refuse_to_put_back(plan(), "apply", account)
    assert module.refuse_to_put_back(plan(registered="b"), "plan", account)
    assert account.calls == []


def test_the_first_plan_of_all_asks_for_nothing(module: ModuleType) -> None:
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


def test_it_ends_as_the_buildspec_wants_it(tmp_path: Path) -> None:
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
