"""Modules outside the definitions are followed, also those that only such a module calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bonkei.definitions.terraform.inputs import outside
from tests.bonkei.definitions.terraform.project import Project

FILES = {
    "infrastructure/modules/near/main.tf": "",
    "infrastructure/main.tf": """
        module "near" {
          source = "./modules/near"
        }
        module "shared" { source = "../shared/first" }
    """,
    "shared/first/main.tf": "",
    "shared/second/main.tf": 'resource "aws_sqs_queue" "second" { name = "second" }\n',
}
CALL = 'module "second" { source = "../second" }\n'


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    project = new_project()
    for name, text in FILES.items():
        project.write(name, text)
    return project


def test_a_call_that_is_new_there_is_planned(project: Project) -> None:
    workspace = project.workspace()
    assert workspace.apply().added == 0
    assert workspace.is_current()
    project.write("shared/first/main.tf", CALL)
    assert not workspace.is_current()
    assert [each.address for each in workspace.plan().changes] == [
        "module.shared.module.second.aws_sqs_queue.second"
    ]


def names(project: Project) -> list[str]:
    found = outside.modules(project.definitions)
    return [each.relative_to(project.root).as_posix() for each in found]


def test_only_what_is_outside_is_found(project: Project) -> None:
    assert names(project) == ["shared/first"]
    project.write("shared/first/main.tf", CALL)
    assert names(project) == ["shared/first", "shared/second"]


def test_modules_that_call_each_other_or_none_end(project: Project) -> None:
    """Terraform refuses them, and says so better."""
    project.write("shared/first/main.tf", CALL + 'module "gone" { source = "../gone" }\n')
    project.write("shared/second/main.tf", 'module "first" { source = "../first" }\n')
    assert names(project) == ["shared/first", "shared/second"]


def test_what_such_a_module_reads_is_an_input(project: Project) -> None:
    module = 'resource "aws_sqs_queue" "a" { name = file("${path.module}/../../names/queue") }\n'
    project.write("shared/first/main.tf", module)
    name = project.write("names/queue", "jobs")
    workspace = project.workspace()
    before = workspace.fingerprint()
    name.write_text("tasks")
    assert workspace.fingerprint() != before
    assert name in workspace.read_places()
    assert project.root / "shared" / "first" in workspace.read_places()
