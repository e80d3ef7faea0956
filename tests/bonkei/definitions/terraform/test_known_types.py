"""Types that the miniature knows but does not simulate: named where one is created, and refused
where a data source would read one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.elsewhere import Elsewhere
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

DEFINITIONS = """
variable "number" {
  default = 0
}

resource "aws_redshift_cluster" "none" {
  count              = var.number
  cluster_identifier = "warehouse"
  node_type          = "ra3.large"
}

data "aws_outposts_sites" "none" {
  count = var.number
}

data "aws_iot_endpoint" "none" {
  count = var.number
}

resource "aws_sqs_queue" "jobs" {}
"""
READING = """
data "aws_organizations_organization" "ours" {}

data "aws_ecr_image" "web" {
  repository_name = "web"
  image_tag       = "v1"
}

output "found" {
  value = [
    data.aws_organizations_organization.ours.id,
    data.aws_ecr_image.web.image_digest,
  ]
}
"""
ORGANIZATION = {"type": "aws_organizations_organization", "id": "o-abcdefghij"}
IMAGES = (
    {
        "type": "aws_ecr_image",
        "repository_name": "web",
        "image_tag": "v1",
        "image_digest": "sha256:1",
    },
    {
        "type": "aws_ecr_image",
        "repository_name": "web",
        "image_tag": "v2",
        "image_digest": "sha256:2",
    },
)


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()


def test_what_is_not_created_is_not_refused(project: Project) -> None:
    project.write("infrastructure/main.tf", DEFINITIONS)
    workspace = project.workspace()
    assert workspace.validate() == []
    assert [one.address for one in workspace.plan().changes] == ["aws_sqs_queue.jobs"]


def test_what_is_created_is_named(project: Project) -> None:
    text = DEFINITIONS.replace("default = 0", "default = 1").partition("data ")[0]
    file = project.write("infrastructure/main.tf", text)
    workspace = project.workspace()
    (told,) = workspace.plan().warnings
    summary = "The resource type aws_redshift_cluster is not simulated"
    assert (told.summary, told.file, told.line) == (summary, file, 6)
    workspace.apply()
    assert not workspace.plan().changes
    (made,) = workspace.state()["values"]["root_module"]["resources"]
    assert made["values"]["arn"].startswith("arn:aws:redshift:")
    assert made["values"]["endpoint"] == ""


def test_a_data_source_without_an_answer_is_refused_by_name(project: Project) -> None:
    file = project.write(
        "infrastructure/main.tf", DEFINITIONS.replace("default = 0", "default = 1")
    )
    with pytest.raises(TerraformError) as raised:
        project.workspace().plan()
    told = {(one.summary, one.file, one.line) for one in raised.value.diagnostics}
    assert told >= {
        ("The data source aws_outposts_sites is not simulated", file, 12),
        ("The data source aws_iot_endpoint is not simulated", file, 16),
    }


def reading(project: Project, *existing: Mapping[str, Any]) -> Workspace:
    project.write("infrastructure/main.tf", READING)
    return Workspace(project.definitions, project.home, (), elsewhere=Elsewhere(existing))


def test_a_described_resource_answers_any_data_source(project: Project) -> None:
    workspace = reading(project, ORGANIZATION, *IMAGES)
    workspace.apply()
    found = workspace.state()["values"]["outputs"]["found"]["value"]
    assert found == ["o-abcdefghij", "sha256:1"]


def test_none_that_fits_is_refused(project: Project) -> None:
    with pytest.raises(TerraformError, match="There is no aws_ecr_image outside the stack"):
        reading(project, ORGANIZATION, IMAGES[1]).plan()
