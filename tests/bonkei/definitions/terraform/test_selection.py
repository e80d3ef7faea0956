"""Targets, replacements and values for one run, workspaces and the account, with real Terraform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.selection import Selection, check
from bonkei.definitions.terraform.state.account import Account
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

MAIN = """
variable "name" {
  default = "of-the-definitions"
}

data "aws_caller_identity" "this" {}

resource "aws_sqs_queue" "one" {
  name = "one-${terraform.workspace}"
}

resource "aws_sqs_queue" "more" {
  for_each = toset(["a", "b"])
  name     = "more-${each.key}"
}

resource "aws_sns_topic" "this" {
  name = var.name
}

module "inner" {
  source = "./modules/inner"
}
"""
INNER = """
resource "aws_sqs_queue" "this" {
  name = "inner"
}
"""


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    project = new_project()
    project.write("infrastructure/main.tf", MAIN)
    project.write("infrastructure/modules/inner/main.tf", INNER)
    return project


def planned(workspace: Workspace, selection: Selection) -> dict[str, str]:
    return {change.address: change.action for change in workspace.plan(selection).changes}


def values(workspace: Workspace, address: str) -> dict[str, Any]:
    root = workspace.state()["values"]["root_module"]
    (found,) = (each for each in root["resources"] if each["address"] == address)
    return dict(found["values"])


def test_a_plan_and_an_apply_act_on_the_selection(project: Project) -> None:
    workspace = project.workspace()
    assert planned(workspace, Selection(targets=('aws_sqs_queue.more["a"]', "module.inner"))) == {
        'aws_sqs_queue.more["a"]': "create",
        "module.inner.aws_sqs_queue.this": "create",
    }
    one = Selection(targets=("aws_sqs_queue.one",))
    assert workspace.apply(selection=one).added == 1
    assert not workspace.is_current()  # the next start applies the rest
    named = Selection(variables=("name=of-this-run",))
    assert workspace.apply(selection=named).added == 4
    assert values(workspace, "aws_sns_topic.this")["name"] == "of-this-run"
    assert not workspace.is_current()  # and then the value is the settings' again
    assert planned(workspace, Selection()) == {"aws_sns_topic.this": "replace"}
    again = Selection(replacements=("aws_sqs_queue.one",), variables=named.variables)
    assert planned(workspace, again) == {"aws_sqs_queue.one": "replace"}
    assert workspace.apply(selection=Selection(replacements=("aws_sqs_queue.one",))).removed == 2
    assert workspace.is_current()


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (Selection(targets=("aws_sqs_queue.oen",)), "there is aws_sqs_queue.one"),
        (Selection(targets=("module.iner",)), "no such module; there is module.inner"),
        (
            Selection(replacements=("module.inner.aws_sqs_queue.that",)),
            "no such resource; there is module.inner.aws_sqs_queue.this",
        ),
        (Selection(targets=('aws_sqs_queue.mor["a"]',)), "there is aws_sqs_queue.more"),
    ],
)
def test_a_missing_address_is_refused(project: Project, selection: Selection, said: str) -> None:
    manifest = project.write(
        "modules.json", '{"Modules": [{"Key": "inner", "Dir": "modules/inner"}]}'
    )
    with pytest.raises(TerraformError) as raised:
        check(selection, project.definitions, manifest, {})
    assert said in raised.value.message
    there = ("data.aws_caller_identity.this", "module.inner.aws_sqs_queue.this", "module.inner")
    check(Selection(targets=(*there, "no address")), project.definitions, manifest, {})


def test_terraform_is_not_run_for_a_missing_address(project: Project) -> None:
    """Terraform itself plans nothing for a missing target, without a message."""
    workspace = project.workspace()
    with pytest.raises(TerraformError, match=r"--target module\.no: .* there is module\.inner"):
        workspace.apply(selection=Selection(targets=("module.no",)))
    with pytest.raises(TerraformError, match="Value for undeclared variable"):
        workspace.plan(Selection(variables=("nobody=1",)))


def test_a_resource_that_only_the_state_has_can_be_selected(project: Project) -> None:
    workspace = project.workspace()
    workspace.apply()
    project.write("infrastructure/main.tf", "")
    chosen = Selection(targets=("aws_sqs_queue.more", "module.inner"))
    assert set(planned(workspace, chosen).values()) == {"delete"}
    assert workspace.apply(selection=chosen).removed == 3


def test_each_workspace_has_its_own_state_and_the_account_is_in_every_arn(project: Project) -> None:
    def of(workspace: str, number: str) -> Workspace:
        account = Account(number, workspace)
        return Workspace(project.definitions, project.home, account=account)

    first, second = of("default", "123456789012"), of("staging", "111122223333")
    assert first.apply().added == 5
    assert second.plan().count("create") == 5
    assert second.apply().added == 5
    assert not first.is_current()
    assert values(first, "aws_sqs_queue.one")["name"] == "one-default"
    queue = values(second, "aws_sqs_queue.one")
    assert queue["arn"] == "arn:aws:sqs:ap-northeast-1:111122223333:one-staging"
    caller = values(second, "data.aws_caller_identity.this")
    assert caller["account_id"] == "111122223333"
    assert second.plan().is_empty
    assert first.plan().is_empty
