"""Definitions that read other stacks' outputs and resources made elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.vault import FileVault
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.elsewhere import Elsewhere
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

REMOTE_STATE = """
data "terraform_remote_state" "NAME" {
  backend = "s3"
  config  = { bucket = "states", key = "NAME", region = "eu-west-1" }
}
"""
MAIN = """
data "aws_vpc" "shared" {
  tags = { Name = "shared" }
}
module "inner" {
  source = "./module"
}
output "found" {
  value = {
    vpc   = data.aws_vpc.shared.id
    names = data.terraform_remote_state.network.outputs.names
    inner = module.inner.size
  }
}
"""
VPC = {"type": "aws_vpc", "id": "vpc-0a", "tags": {"Name": "shared"}}
STATES = {"network": {"names": ["a", "b"]}, "inner": {"size": {"small": 1.5, "on": True}}}


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    made = new_project()
    made.write("infrastructure/main.tf", MAIN + REMOTE_STATE.replace("NAME", "network"))
    inner = 'output "size" { value = data.terraform_remote_state.inner.outputs.size }'
    made.write("infrastructure/module/main.tf", REMOTE_STATE.replace("NAME", "inner") + inner)
    return made


def workspace(
    project: Project, states: Mapping[str, Any] = STATES, existing: Mapping[str, Any] = VPC
) -> Workspace:
    elsewhere = Elsewhere((existing,), states)
    return Workspace(project.definitions, project.home, elsewhere=elsewhere)


def test_values_set_for_elsewhere_are_found(project: Project) -> None:
    first = workspace(project)
    first.apply()
    found = first.state()["values"]["outputs"]["found"]["value"]
    assert found == {"vpc": "vpc-0a", "names": ["a", "b"], "inner": STATES["inner"]["size"]}
    assert first.is_current()
    changed = workspace(project, {**STATES, "network": {"names": []}})
    assert not changed.is_current()
    assert "found" in changed.plan().render()


def test_an_unset_remote_state_is_reported_with_the_remedy(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(TerraformError, match=r"\[remote_states\.NAME\]") as raised:
        workspace(project, {"inner": STATES["inner"]}).plan()
    assert "main.tf" in str(raised.value)


@pytest.mark.parametrize(
    ("existing", "said"),
    [
        ({"type": "aws_vpcz"}, '"aws_vpcz" is not a type'),
        ({"type": "aws_vpc", "cidr": "10.0.0.0/16"}, "aws_vpc has no 'cidr'"),
        ({"type": "aws_vpc", "cidr_block": 10}, "aws_vpc: a string cannot be 10"),
        ({}, "is not a type"),
    ],
)
def test_impossible_settings_are_refused(
    project: Project, existing: Mapping[str, Any], said: str
) -> None:
    with pytest.raises(TerraformError, match=r"\[\[existing\]\]") as raised:
        workspace(project, existing=existing).validate()
    assert said in str(raised.value)


def test_a_name_without_a_remote_state_is_refused(project: Project, tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="netwrok"):
        workspace(project, {"netwrok": {}}).validate()


SECRETS = """
resource "aws_secretsmanager_secret" "key" { name = "app/key" }
resource "aws_db_instance" "orders" {
  identifier                  = "orders"
  engine                      = "mysql"
  instance_class              = "db.t4g.micro"
  allocated_storage           = 20
  username                    = "root"
  manage_master_user_password = true
  skip_final_snapshot         = true
}
data "aws_rds_cluster" "shared" { cluster_identifier = "shared" }
data "aws_secretsmanager_secret_version" "shared" {
  secret_id = data.aws_rds_cluster.shared.master_user_secret[0].secret_arn
}
output "found" {
  value = [
    aws_secretsmanager_secret.key.arn,
    aws_db_instance.orders.master_user_secret[0].secret_arn,
    nonsensitive(data.aws_secretsmanager_secret_version.shared.secret_string),
  ]
}
"""
CLUSTER = {"type": "aws_rds_cluster", "cluster_identifier": "shared", "engine": "aurora-mysql"}
PERSONS = {"type": "aws_secretsmanager_secret_version", "secret_id": "app/key"}


def test_secrets_have_their_values_at_the_first_apply(new_project: Callable[[], Project]) -> None:
    """That of a person, by the name of a secret of the stack, and those that RDS would make."""
    project = new_project()
    project.write("infrastructure/main.tf", SECRETS)
    managed = {"master_username": "admin", "manage_master_user_password": True}
    existing = ({**CLUSTER, **managed}, {**PERSONS, "secret_string": "a person's"})
    elsewhere = Elsewhere(existing, {})
    stack = Workspace(project.definitions, project.home, elsewhere=elsewhere)

    def values() -> list[str | None]:
        key, orders, shared = stack.state()["values"]["outputs"]["found"]["value"]
        vault = FileVault(project.home / "secrets")
        return [vault.get(key), vault.get(orders), shared]

    stack.apply()
    first = values()
    key, orders, shared = first
    assert key == "a person's"
    assert [json.loads(text or "")["username"] for text in (orders, shared)] == ["root", "admin"]
    stack.apply()
    assert values() == first
