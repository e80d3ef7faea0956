"""Real Terraform imports by id and by identity, and then has no changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bonkei.definitions.terraform.errors import TerraformError
from tests.bonkei.definitions.terraform.project import Project

BALANCER = (
    "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
)
IMPORTS = """
import {
  to       = aws_s3_bucket.this
  identity = { bucket = "logs" }
}

resource "aws_s3_bucket" "this" {
  bucket = "logs"
}

import {
  to       = aws_ecs_service.this
  identity = { cluster = "main", name = "web", account_id = "123456789012" }
}

resource "aws_ecs_service" "this" {
  cluster       = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/main"
  name          = "web"
  desired_count = 2
}

import {
  to       = aws_lb.this
  identity = {
    arn = "BALANCER"
  }
}

resource "aws_lb" "this" {
  name    = "web"
  subnets = ["subnet-1", "subnet-2"]
}

import {
  to       = aws_iam_role_policy_attachment.this
  identity = { role = "reader", policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess" }
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = "reader"
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

import {
  to = aws_sqs_queue.this
  id = "https://sqs.ap-northeast-1.amazonaws.com/123456789012/jobs"
}

resource "aws_sqs_queue" "this" {
  name = "jobs"
}
""".replace("BALANCER", BALANCER)


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()


def test_an_imported_resource_exists_and_is_not_created_again(project: Project) -> None:
    project.write("infrastructure/main.tf", IMPORTS)
    workspace = project.workspace()
    plan = workspace.plan()
    replaced = {change.address: change.replaced_by for change in plan.changes if change.replaced_by}
    assert replaced == {}
    assert {change.address: change.imported for change in plan.changes} == {
        f"{type_name}.this": True
        for type_name in (
            *("aws_ecs_service", "aws_iam_role_policy_attachment", "aws_lb", "aws_s3_bucket"),
            "aws_sqs_queue",
        )
    }
    assert {change.action for change in plan.changes} <= {"update", "import"}
    applied = workspace.apply()
    assert (applied.added, applied.imported) == (0, 5)
    values = {
        resource["address"]: resource["values"]
        for resource in workspace.state()["values"]["root_module"]["resources"]
    }
    assert len(values) == 5
    service = values["aws_ecs_service.this"]
    assert service["id"] == "arn:aws:ecs:ap-northeast-1:123456789012:service/main/web"
    assert values["aws_lb.this"]["id"].endswith("loadbalancer/app/web/50dc6c495c0c9188")
    assert values["aws_s3_bucket.this"]["id"] == "logs"
    assert workspace.plan().is_empty
    project.write(
        "infrastructure/main.tf", IMPORTS.replace("desired_count = 2", "desired_count = 3")
    )
    assert workspace.apply().changed == 1
    assert workspace.plan().is_empty


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        ('{ bucket = "logs", account_id = "999999999999" }', "set account_id in bonkei.toml"),
        ('{ name = "logs" }', "bucket"),
    ],
)
def test_an_identity_that_does_not_exist_is_refused(
    new_project: Callable[[], Project], identity: str, said: str
) -> None:
    project = new_project()
    project.write(
        "infrastructure/main.tf",
        f"import {{\n  to       = aws_s3_bucket.x\n  identity = {identity}\n}}\n"
        'resource "aws_s3_bucket" "x" {\n  bucket = "logs"\n}\n',
    )
    with pytest.raises(TerraformError) as raised:
        project.workspace().plan()
    assert said in " ".join(raised.value.message.split())
