"""A plan never puts programs back, neither one released during the plan nor one released before
it.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aws_endpoint import Endpoint, running_endpoint
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
        self.calls: list[tuple[str, str]] = []

    def __call__(self, service: str, operation: str, **_: Any) -> Any:
        self.calls.append((service, operation))
        if operation == "get_parameters":
            return {"Parameters": [{"Name": PARAMETER, "Value": self.tag}]}
        assert operation == "describe_task_definition"
        return {"taskDefinition": {"revision": self.revision}}


REPLACE = ("delete", "create")


def refuse(module: ModuleType, document: dict[str, Any], when: str, aws: Any) -> str:
    return str(module.refuse_to_put_back(module.programs(document), when, aws))


def test_a_plan_without_a_newer_release_is_applied(module: ModuleType) -> None:
    assert refuse(module, plan(actions=REPLACE), "plan", Account())
    assert refuse(module, plan(actions=REPLACE), "apply", Account())


def test_a_plan_older_than_a_release_is_refused_with_the_release(module: ModuleType) -> None:
    with pytest.raises(module.PlanError) as refused:
        refuse(module, plan(actions=REPLACE), "apply", Account("b", 6))
    said = str(refused.value)
    assert f"{PARAMETER} is b, and the plan has a" in said
    assert "app-backend is at revision 6, and the plan has 5" in said
    assert "release the infrastructure again" in said


def test_a_release_in_progress_is_noticed_too(module: ModuleType) -> None:
    """Deploy has registered a revision. Nothing is verified yet, so the parameter is unchanged."""
    with pytest.raises(module.PlanError, match="revision 6"):
        refuse(module, plan(actions=REPLACE), "apply", Account("a", 6))


def test_a_plan_made_during_a_release_is_refused(module: ModuleType) -> None:
    found = plan(released="a", registered="b", actions=REPLACE)
    with pytest.raises(module.PlanError, match="app-backend is registered with b, but a is"):
        refuse(module, found, "plan", Account())


def test_a_missing_parameter_is_no_release(module: ModuleType) -> None:
    account = Account()
    answer = account.__call__

    def gone(service: str, operation: str, **parameters: Any) -> Any:
        return {"Parameters": []} if service == "ssm" else answer(service, operation, **parameters)

    with pytest.raises(module.PlanError, match="image-tag is gone"):
        refuse(module, plan(actions=REPLACE), "apply", gone)


def test_a_plan_without_programs_is_applied_at_any_time(module: ModuleType) -> None:
    account = Account("b", 6)
    assert refuse(module, plan(), "apply", account)
    assert refuse(module, plan(registered="b"), "plan", account)
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
    assert refuse(module, created, "apply", Account())


@pytest.mark.parametrize("document", [{}, {"resource_changes": []}, {"changes": plan()}])
def test_a_plan_that_names_no_resources_is_refused(
    module: ModuleType, document: dict[str, Any]
) -> None:
    """An empty environment has new resources. Without any, nothing would be compared."""
    with pytest.raises(module.PlanError, match="names no resources"):
        refuse(module, document, "plan", Account())


@pytest.mark.parametrize(
    ("image", "registered"),
    [(":b@sha256:x", "b"), ("@sha256:x", f"{REGISTRY}/app/backend@sha256:x"), (":a@sha256:x", "")],
)
def test_an_image_that_is_pinned_by_its_digest_is_compared(
    module: ModuleType, image: str, registered: str
) -> None:
    found = module.Programs({PARAMETER: "a"}, {}, {"f": [f"{REGISTRY}/app/backend{image}"]}, True)
    troubles = [f"f is registered with {registered}, but a is released"] if registered else []
    assert list(module.unreleased(found)) == troubles


class Script:
    """In a folder of its own, beside an endpoint that reports what an account has. `programs`: what
    the stage Plan hands on."""

    def __init__(self, folder: Path, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._plan, self.programs = folder / "plan.json", folder / "programs.json"

    def account(self, tag: str, revision: int) -> None:
        parameters = [{"Name": PARAMETER, "Value": tag}]
        self._endpoint.answers = {
            "GetParameters": {"Parameters": parameters},
            "DescribeTaskDefinition": {"taskDefinition": {"revision": revision}},
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), *words]
        env = dict(self._endpoint.variables)
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)

    def plan(self, document: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        self._plan.write_text(json.dumps(document), encoding="utf-8")
        return self.run("plan", str(self._plan), str(self.programs))

    def apply(self) -> subprocess.CompletedProcess[str]:
        return self.run("apply", str(self.programs))


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    with running_endpoint() as endpoint:
        yield Script(tmp_path, endpoint)


def test_the_script_ends_as_the_buildspec_expects(script: Script) -> None:
    refused = script.plan(plan(registered="b", actions=REPLACE))
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: a release of the programs is running")
    assert script.run("later", str(script.programs)).returncode == 1
    assert script.apply().returncode == 1  # nothing was handed on
    unnamed = script.plan({})
    assert (unnamed.returncode, unnamed.stderr[:29]) == (1, "error: the plan names no reso")
    assert script.plan(plan()).returncode == 0
    assert script.apply().returncode == 0


def test_apply_knows_from_plan_what_is_planned(script: Script) -> None:
    assert script.plan(plan(actions=REPLACE)).returncode == 0
    script.account("a", 5)
    assert script.apply().stdout == "The programs are as the plan expects them.\n"
    script.account("b", 6)
    refused = script.apply()
    assert refused.returncode == 1
    assert f"{PARAMETER} is b, and the plan has a" in refused.stderr
    assert "app-backend is at revision 6, and the plan has 5" in refused.stderr


def test_a_call_that_aws_refuses_ends_apply_with_its_reason(script: Script) -> None:
    assert script.plan(plan(actions=REPLACE)).returncode == 0
    refused = script.apply()
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ssm get_parameters: An error occurred (AccessDenied")
    assert "not GetParameters" in refused.stderr


def test_what_is_handed_on_has_names_and_tags_alone(script: Script) -> None:
    document = plan(actions=REPLACE)
    for each in document["resource_changes"]:
        each["change"]["before"]["password"] = "a secret value"
    script.plan(document)
    handed_on = json.loads(script.programs.read_text(encoding="utf-8"))
    assert handed_on == {
        "tags": {PARAMETER: "a"},
        "revisions": {"app-backend": 5},
        "images": {"app-backend": [f"{REGISTRY}/app/backend:a", "public.ecr.aws/thing:1"]},
        "changed": True,
    }
