"""Another team's definitions work unchanged: neither the provider nor the runner knows ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bonkei.definitions.terraform.inputs.programs import Consent
from bonkei.definitions.terraform.workspace import Workspace

STACK = Path(__file__).parent / "stack"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("foreign")
    shutil.copytree(STACK, made / "stack")
    return made


@pytest.fixture(scope="module")
def mirror(root: Path) -> Path:
    """The folder in which Terraform runs."""
    return root / "home" / "terraform" / "mirror"


@pytest.fixture(scope="module")
def workspace(root: Path) -> Iterator[Workspace]:
    """The stack of another team: no bonkei.toml, no git, a home elsewhere."""
    made = Workspace(root / "stack", root / "home", consent=Consent(allowed=True))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
        environment.setenv("AWS_PROFILE", "production")
        environment.setenv("AWS_REGION", "eu-central-1")
        made.apply()
        yield made
        assert made.destroy().removed > 20
    assert made.state().get("values", {}).get("root_module", {}) == {}


def resources(module: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for resource in module.get("resources", ()):
        yield resource["address"], resource["values"]
    for child in module.get("child_modules", ()):
        yield from resources(child)


def test_the_stack_is_valid_without_a_warning(workspace: Workspace) -> None:
    assert workspace.validate() == []


def test_planning_again_changes_nothing(workspace: Workspace) -> None:
    assert workspace.plan().render().startswith("No changes")


def test_values_belong_to_the_stacks_region(workspace: Workspace) -> None:
    state = workspace.state()["values"]
    outputs = {name: output["value"] for name, output in state["outputs"].items()}
    base = "https://sqs.eu-central-1.amazonaws.com/123456789012"
    assert outputs["queues"] == {"orders": f"{base}/orders.fifo", "returns": f"{base}/returns"}
    assert outputs["address"].endswith(".eu-central-1.elb.amazonaws.com")
    found = dict(resources(state["root_module"]))
    bucket = found["aws_s3_bucket.receipts"]["bucket"]
    assert bucket == "orders-eu-central-1-receipts-123456789012"
    task = found['module.worker["orders"].aws_ecs_task_definition.this']
    assert f"{base}/orders.fifo" in task["container_definitions"]


def test_the_small_providers_are_served(workspace: Workspace) -> None:
    state = workspace.state()["values"]
    assert state["outputs"]["greeting"]["value"] == "Hello, you of eu-central-1"
    found = dict(resources(state["root_module"]))
    made, later = found["time_static.made"], found["time_offset.later"]
    assert later["unix"] - made["unix"] == 24 * 60 * 60
    assert found["null_resource.marker"]["triggers"]["greeting"].startswith("Hello")


def test_programs_of_the_stack_find_no_account(workspace: Workspace, mirror: Path) -> None:
    """This holds for programs of provisioners and of data sources. A region is not an account."""
    state = workspace.state()["values"]
    seen = state["outputs"]["environment_of_programs"]["value"]
    assert seen == {"key": "", "profile": "", "region": "eu-central-1", "files": "/dev/null"}
    found = dict(resources(state["root_module"]))
    assert found["terraform_data.provisioned"]["input"]
    (written,) = mirror.rglob("provisioned.txt")
    assert written.read_text(encoding="utf-8") == "key= region=eu-central-1\n"


def test_no_two_resources_of_a_type_share_an_identity(workspace: Workspace) -> None:
    root = workspace.state()["values"]["root_module"]
    seen: dict[tuple[str, str], str] = {}
    for address, values in resources(root):
        if ".data." in f".{address}":
            continue
        identity = (address.rpartition(".")[0].rpartition(".")[2], str(values.get("id")))
        assert identity not in seen, f"{address} and {seen.get(identity)} are both {identity}"
        seen[identity] = address
