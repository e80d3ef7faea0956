"""Providers that are not served: a stand-in takes what it is given, and makes up what is read."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bonkei.definitions.terraform.inputs.elsewhere import Elsewhere
from bonkei.definitions.terraform.inputs.providers import not_served
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

DECLARED = """
terraform {
  required_providers {
    datadog = { source = "DataDog/datadog" }
  }
}
provider "datadog" {
  api_key = var.key
  http {
    retries = 3
  }
}
provider "github" { owner = "us" }
variable "key" { default = "k" }
"""
USED = """
data "datadog_role" "admin" { filter = "admin" }

resource "aws_sns_topic" "this" { name = "alarms" }

resource "datadog_monitor" "this" {
  for_each         = toset(["a", "b"])
  name             = "cpu ${each.key}"
  message          = <<-EOT
    } "Notify" {{x}} ${aws_sns_topic.this.arn}
  EOT
  restricted_roles = [data.datadog_role.admin.id]
  query            = join(" ", [
    "avg", # "
    "max"
  ])
  monitor_thresholds { critical = SIZE }
  timeouts {}
  lifecycle { ignore_changes = [silenced] }
}

resource "datadog_dashboard" "this" {
  dynamic "widget" {
    for_each = datadog_monitor.this
    content {
      definition { alert_id = widget.value.id }
    }
  }
}

resource "github_repository" "this" { name = "app" }

resource "awscc_ecs_cluster" "this" { tags = [{ key = "a", value = "b" }] }

output "made" {
  value = {
    name       = github_repository.this.name
    url        = github_repository.this.http_clone_url
    branch     = github_repository.this.branches[0].name
    ids        = values(datadog_monitor.this)[*].id
    modified   = [for key, each in datadog_monitor.this : each.modified]
    thresholds = datadog_monitor.this["a"].monitor_thresholds[0].critical
    users      = data.datadog_role.admin.user_count
    topic      = aws_sns_topic.this.arn
    arn        = awscc_ecs_cluster.this.arn
  }
}
"""
ROLE = {"type": "datadog_role", "filter": "admin", "user_count": 7}


def workspace(project: Project) -> Workspace:
    return Workspace(project.definitions, project.home, elsewhere=Elsewhere((ROLE,), {}))


def made(space: Workspace) -> dict[str, Any]:
    value: dict[str, Any] = space.outputs()["made"]["value"]
    return value


def test_a_stand_in_takes_what_it_is_given(new_project: Callable[[], Project]) -> None:
    """A creation, no change, a change, and a removal of everything that needs the provider."""
    project = new_project()
    region = 'provider "aws" {\n  region = "eu-west-1"\n}\n'
    project.write("infrastructure/versions.tf", region)
    project.write("infrastructure/main.tf", DECLARED + USED.replace("SIZE", "80"))
    space = workspace(project)
    warnings = {each.summary for each in space.plan().warnings}
    assert warnings >= {f"The provider {name} has a stand-in" for name in
                        ("datadog/datadog", "hashicorp/github", "hashicorp/awscc")}  # fmt: skip
    space.apply()
    first = made(space)
    assert (first["name"], first["thresholds"], first["users"]) == ("app", 80, 7)
    assert len({*first["ids"], *first["modified"], first["url"], first["branch"]}) == 6
    assert first["arn"].startswith("arn:aws:ecs:")
    assert not space.plan().changes
    project.write("infrastructure/main.tf", DECLARED + USED.replace("SIZE", "90"))
    space.apply()
    assert made(space) == {**first, "thresholds": 90}
    project.write("infrastructure/main.tf", 'resource "aws_sns_topic" "this" { name = "alarms" }\n')
    assert space.apply().removed == 5
    assert [each["type"] for each in space.state()["values"]["root_module"]["resources"]] == [
        "aws_sns_topic"
    ]


@pytest.mark.parametrize("is_fetched", [False, True])
def test_a_module_outside_is_known_at_the_first_plan(
    new_project: Callable[[], Project], is_fetched: bool
) -> None:
    """No init has listed it yet, and one of a repository is not even there."""
    project = new_project()
    project.write("shared/main.tf", 'resource "datadog_monitor" "cpu" { name = "cpu" }\n')
    source = "../shared"
    if is_fetched:
        git = ("git", "-C", str(project.root / "shared"), "-c", "user.name=a", "-c", "user.email=a")
        for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "Add")):
            subprocess.run([*git, *words], check=True)
        source = f"git::file://{project.root}/shared"
    project.write("infrastructure/main.tf", f'module "shared" {{ source = "{source}" }}\n')
    changes = workspace(project).plan().changes
    assert [each.address for each in changes] == ["module.shared.datadog_monitor.cpu"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (DECLARED, {"datadog/datadog": ["api_key"], "hashicorp/github": ["owner"]}),
        (
            'terraform {\n  required_providers {\n    x = { source = "reg.test/a/b" }\n  }\n}',
            {"reg.test/a/b": []},
        ),
        ('provider "aws" {\n  region = "x"\n}\nresource "random_id" "x" {}', {}),
        ('data "cloudinit_config" "x" {}', {}),
        ('resource "x_y" "z" {\n  provider = auth0.second\n}', {"hashicorp/auth0": []}),
        ('data "terraform_remote_state" "x" {}\nresource "terraform_data" "x" {}', {}),
        ("", {}),
    ],
)
def test_who_needs_a_stand_in_is_seen_in_the_text(
    text: str, found: Mapping[str, list[str]]
) -> None:
    seen = {
        name.removeprefix("registry.terraform.io/"): said["configuration"]["arguments"]
        for name, said in not_served([text]).items()
    }
    assert seen == found
