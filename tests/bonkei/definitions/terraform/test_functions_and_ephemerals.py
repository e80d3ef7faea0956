"""Real Terraform calls the AWS provider's functions and opens its ephemeral resources."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bonkei.base.vault import FileVault
from bonkei.definitions.terraform.errors import TerraformError
from tests.bonkei.definitions.terraform.project import Project

MAIN = """
locals {
  role = "arn:aws:iam::123456789012:role/teams/web/reader"
}

output "parsed" {
  value = provider::aws::arn_parse(local.role).resource
}

output "others" {
  value = [
    provider::aws::arn_build("aws", "sqs", "eu-west-1", "123456789012", "jobs"),
    provider::aws::trim_iam_role_path(local.role),
    provider::aws::user_agent("shop", "1.2", "checkout"),
    provider::aws::user_agent("shop", "", ""),
  ]
}

resource "aws_secretsmanager_secret" "first" {
  name = "first"
}

ephemeral "aws_secretsmanager_random_password" "made" {
  password_length     = 20
  exclude_punctuation = true
  exclude_lowercase   = true
  exclude_characters  = "01"
}

resource "aws_secretsmanager_secret_version" "first" {
  secret_id                = aws_secretsmanager_secret.first.arn
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.made.random_password
  secret_string_wo_version = 1
}

resource "aws_ssm_parameter" "first" {
  name             = "/first"
  type             = "SecureString"
  value_wo         = "of the parameter"
  value_wo_version = 1
}

ephemeral "aws_secretsmanager_secret_version" "first" {
  secret_id = aws_secretsmanager_secret_version.first.arn
}

ephemeral "aws_ssm_parameter" "first" {
  arn = aws_ssm_parameter.first.arn
}

resource "aws_secretsmanager_secret" "copy" {
  name = "copy"
}

resource "aws_secretsmanager_secret_version" "copy" {
  secret_id                = aws_secretsmanager_secret.copy.arn
  secret_string_wo_version = 1
  secret_string_wo = join(" and ", [
    ephemeral.aws_secretsmanager_secret_version.first.secret_string,
    ephemeral.aws_ssm_parameter.first.value,
  ])
}
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    project = new_project()
    project.write("infrastructure/main.tf", MAIN)
    return project


def test_functions_and_ephemeral_resources(project: Project) -> None:
    workspace = project.workspace()
    workspace.apply()
    outputs = {k: v["value"] for k, v in workspace.state()["values"]["outputs"].items()}
    assert outputs["parsed"] == "role/teams/web/reader"
    assert outputs["others"] == [
        "arn:aws:sqs:eu-west-1:123456789012:jobs",
        "arn:aws:iam::123456789012:role/reader",
        "shop/1.2 (checkout)",
        "shop",
    ]
    arns = {
        resource["values"]["name"]: resource["values"]["arn"]
        for resource in workspace.state()["values"]["root_module"]["resources"]
        if resource["type"] == "aws_secretsmanager_secret"
    }
    vault = FileVault(project.home / "secrets")
    made = vault.get(arns["first"])
    assert made is not None
    assert len(made) == 20
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789")
    assert vault.get(arns["copy"]) == f"{made} and of the parameter"
    state = (project.home / "terraform" / "terraform.tfstate").read_text(encoding="utf-8")
    assert made not in state
    assert "of the parameter" not in state
    assert workspace.plan().is_empty


CHECKED = {
    'output "a" { value = provider::aws::arn_parse("arn:aws:sqs") }': "not enough sections",
    'output "b" { value = provider::aws::trim_iam_role_path("arn:aws:iam::1:user/a") }': (
        'resource must begin with "role/"'
    ),
    'output "c" { value = provider::aws::user_agent("", "1", "") }': "product_name must be",
    'output "d" { value = provider::aws::arn("a") }': "provider::aws::arn",
    'ephemeral "aws_secretsmanager_random_password" "e" { password_length = 5000 }': (
        "Expected a number from 1 to 4096"
    ),
}
OPENED = {
    'ephemeral "aws_secretsmanager_secret_version" "a" { secret_id = "nobody/made" }': (
        'no aws_secretsmanager_secret with name = "nobody/made"'
    ),
    'ephemeral "aws_ssm_parameter" "b" { arn = "arn:aws:ssm:eu-west-1:1:parameter/x" }': (
        "no aws_ssm_parameter"
    ),
    'ephemeral "aws_secretsmanager_random_password" "c" { password_length = 2 }': (
        "no such password can be made"
    ),
}


@pytest.mark.parametrize("wrong", [CHECKED, OPENED])
def test_a_call_without_a_result_reports_its_place(project: Project, wrong: dict[str, str]) -> None:
    project.write("infrastructure/main.tf", "\n".join(wrong))
    with pytest.raises(TerraformError) as raised:
        project.workspace().plan()
    shown = {one.line: " ".join(one.render().split()) for one in raised.value.diagnostics}
    for line, said in enumerate(wrong.values(), start=1):
        assert said in shown[line]
