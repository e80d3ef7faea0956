"""Real Terraform through the provider: creations, updates, replacements and removals.

One project goes through its life in the order of the tests. Each test starts from the result of the
previous one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.vault import FileVault
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

MAIN = """
variable "cidr" {
  type    = string
  default = "10.0.0.0/16"
}

resource "aws_vpc" "this" {
  cidr_block = var.cidr
  tags       = { Name = "main", Owner = "me" }
}

resource "aws_subnet" "this" {
  for_each          = toset(["a", "c"])
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(var.cidr, 8, each.key == "a" ? 1 : 2)
  availability_zone = "ap-northeast-1${each.key}"
}

resource "aws_eip" "twin" {
  count  = 3
  domain = "vpc"
}

resource "aws_sns_topic" "global" {
  provider = aws.global
  name     = "alarms"
}

resource "aws_security_group" "this" {
  name   = "web"
  vpc_id = aws_vpc.this.id

  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

ephemeral "random_password" "this" {
  length = 24
}

resource "aws_secretsmanager_secret" "this" {
  name = "password"
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = ephemeral.random_password.this.result
  secret_string_wo_version = 1
}

resource "random_pet" "this" {
  keepers = { cidr = var.cidr }
}

data "archive_file" "this" {
  type        = "zip"
  source_dir  = "${path.module}/../program"
  output_path = "${path.module}/program.zip"
}

output "pet" {
  value = random_pet.this.id
}

output "zip" {
  value = data.archive_file.this.output_base64sha256
}
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    made = new_project()
    made.write("infrastructure/main.tf", MAIN)
    made.write("program/main.py", "print('hello')\n")
    return made


@pytest.fixture(scope="module")
def workspace(project: Project) -> Workspace:
    return project.workspace()


def resources(workspace: Workspace) -> Mapping[str, Any]:
    root = workspace.state()["values"]["root_module"]
    return {resource["address"]: resource["values"] for resource in root["resources"]}


def test_the_project_is_valid_without_a_warning(workspace: Workspace) -> None:
    assert workspace.validate() == []


def test_the_state_is_empty_at_first(workspace: Workspace) -> None:
    assert "values" not in workspace.state()
    assert not workspace.is_current()


def test_a_plan_lists_the_resources_to_create(workspace: Workspace) -> None:
    plan = workspace.plan()
    assert {change.action for change in plan.changes} == {"create"}
    assert plan.count("create") == 11
    assert {one.name: one.action for one in plan.outputs} == {"pet": "create", "zip": "create"}
    assert "+ aws_vpc.this" in plan.render()
    assert plan.render().endswith("11 to add")


def test_an_apply_creates_them(workspace: Workspace) -> None:
    assert workspace.apply().render() == "11 added"
    assert workspace.is_current()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_damaged_state_is_named_and_stays_as_it_is(
    workspace: Workspace, project: Project, share: float
) -> None:
    """An empty one would count as the state of nothing: all that is declared would go."""
    file = project.home / "terraform" / "terraform.tfstate"
    before = file.read_bytes()
    damaged = before[: int(len(before) * share)]
    file.write_bytes(damaged)
    try:
        for operation in (workspace.state, workspace.plan, workspace.apply, workspace.destroy):
            with pytest.raises(TerraformError, match=re.escape(f"{file} is damaged")) as raised:
                operation()
            assert "copy of the file" in raised.value.remedy
            assert file.read_bytes() == damaged
    finally:
        file.write_bytes(before)
    assert workspace.plan().is_empty


def test_values_have_the_form_of_aws(workspace: Workspace) -> None:
    found = resources(workspace)
    vpc, topic = found["aws_vpc.this"], found["aws_sns_topic.global"]
    assert vpc["arn"] == f"arn:aws:ec2:ap-northeast-1:123456789012:vpc/{vpc['id']}"
    assert found['aws_subnet.this["a"]']["vpc_id"] == vpc["id"]
    assert topic["arn"].startswith("arn:aws:sns:us-east-1:123456789012:")
    assert found["data.archive_file.this"]["output_size"] > 0


def test_tags_are_inherited_from_the_provider_block(workspace: Workspace) -> None:
    found = resources(workspace)
    assert found["aws_vpc.this"]["tags_all"] == {"Name": "main", "Owner": "me"}
    assert found['aws_subnet.this["a"]']["tags_all"] == {"Owner": "team"}
    assert found["aws_sns_topic.global"]["tags_all"] == {}


def test_equal_resources_have_different_ids(workspace: Workspace) -> None:
    found = resources(workspace)
    assert len({found[f"aws_eip.twin[{n}]"]["id"] for n in range(3)}) == 3


def test_a_write_only_value_reaches_the_vault_and_nothing_else(
    workspace: Workspace, project: Project
) -> None:
    arn = resources(workspace)["aws_secretsmanager_secret.this"]["arn"]
    password = FileVault(project.home / "secrets").get(arn)
    assert password is not None
    assert len(password) == 24
    elsewhere = (file for file in (project.home / "terraform").rglob("*") if file.is_file())
    assert not [file for file in elsewhere if password in file.read_text(errors="ignore")]


def test_planning_again_changes_nothing(workspace: Workspace) -> None:
    plan = workspace.plan()
    assert plan.is_empty
    assert plan.render().splitlines() == [
        "No changes. The definitions are as they were last applied.",
        "No miniature runs: a change by a call is not seen.",
    ]


def test_nothing_is_written_into_the_definitions(project: Project) -> None:
    names = {file.name for file in project.definitions.rglob("*")}
    assert names == {"main.tf", "versions.tf"}
    assert {file.name for file in project.root.iterdir()} == {
        ".bonkei",
        "bonkei.toml",
        "infrastructure",
        "program",
    }


def test_a_changed_tag_is_an_update_in_place(workspace: Workspace, project: Project) -> None:
    before = resources(workspace)["aws_vpc.this"]
    project.write("infrastructure/main.tf", MAIN.replace('Owner = "me"', 'Owner = "you"'))
    assert not workspace.is_current()
    (change,) = workspace.plan().changes
    assert (change.address, change.action) == ("aws_vpc.this", "update")
    assert [each.render() for each in change.differences] == [
        'tags.Owner: "me" → "you"',
        'tags_all.Owner: "me" → "you"',
    ]
    assert workspace.apply().render() == "1 changed"
    after = resources(workspace)["aws_vpc.this"]
    assert after == {**before, "tags": after["tags"], "tags_all": after["tags_all"]}
    assert after["tags_all"]["Owner"] == "you"


def test_a_change_that_is_impossible_in_place_replaces_the_resource(
    workspace: Workspace, project: Project
) -> None:
    before = resources(workspace)
    variables = project.write("other.tfvars", 'cidr = "10.9.0.0/16"')
    other = project.workspace(variables)
    plan = other.plan()
    actions = {change.address: change.action for change in plan.changes}
    assert actions["aws_vpc.this"] == "replace"
    assert actions["random_pet.this"] == "replace"
    assert actions['aws_subnet.this["a"]'] == "replace"
    assert "aws_eip.twin[0]" not in actions
    vpc = next(change for change in plan.changes if change.address == "aws_vpc.this")
    assert vpc.replaced_by == ("cidr_block",)
    other.apply()
    after = resources(other)
    assert after["aws_vpc.this"]["id"] != before["aws_vpc.this"]["id"]
    assert after["random_pet.this"]["id"] != before["random_pet.this"]["id"]
    assert after["aws_eip.twin[0]"] == before["aws_eip.twin[0]"]
    assert other.plan().is_empty


def test_a_moved_resource_stays_the_same(workspace: Workspace, project: Project) -> None:
    variables = project.root / "other.tfvars"
    before = resources(workspace)["aws_sns_topic.global"]
    moved = MAIN.replace('"aws_sns_topic" "global"', '"aws_sns_topic" "renamed"')
    moved += "\nmoved {\n  from = aws_sns_topic.global\n  to   = aws_sns_topic.renamed\n}\n"
    project.write("infrastructure/main.tf", moved)
    here = project.workspace(variables)
    moves = [change for change in here.plan().changes if change.moved_from]
    assert [change.moved_from for change in moves] == ["aws_sns_topic.global"]
    here.apply()
    assert resources(here)["aws_sns_topic.renamed"] == before


def test_a_resource_can_be_imported(workspace: Workspace, project: Project) -> None:
    file = project.write(
        "infrastructure/imported.tf",
        """
        import {
          to = aws_cloudwatch_log_group.adopted
          id = "/app/adopted"
        }

        resource "aws_cloudwatch_log_group" "adopted" {
          name              = "/app/adopted"
          retention_in_days = 30
        }
        """,
    )
    here = project.workspace(project.root / "other.tfvars")
    here.apply()
    assert resources(here)["aws_cloudwatch_log_group.adopted"]["retention_in_days"] == 30
    assert here.plan().is_empty
    file.unlink()
    assert [change.action for change in here.plan().changes] == ["delete"]


def test_destroying_leaves_nothing(workspace: Workspace, project: Project) -> None:
    here = project.workspace(project.root / "other.tfvars")
    assert here.destroy().removed == 12
    assert here.state().get("values", {}) in ({}, {"root_module": {}})
    assert not [*(project.home / "secrets").iterdir()]
    assert not here.is_current()


def test_only_the_owner_can_read_the_states(project: Project) -> None:
    assert Path(project.home, "terraform").stat().st_mode & 0o077 == 0
    json.loads((project.home / "terraform" / "terraform.tfstate").read_text())
