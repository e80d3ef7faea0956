"""Definitions for another Terraform than there is are run with it, and a warning says so."""

from __future__ import annotations

from collections.abc import Callable

from bonkei.definitions.terraform.explanations.constraints import TERRAFORM
from tests.bonkei.definitions.terraform.project import PROVIDERS, Project

OLDER = 'terraform {\n  required_version = "~> 1.5.0"\n}\n'
CALL = 'module "inner" { source = "./modules/inner" }\nresource "aws_sqs_queue" "one" {}\n'


def test_another_terraform_is_one_warning(new_project: Callable[[], Project]) -> None:
    project = new_project()
    project.write("infrastructure/versions.tf", PROVIDERS.replace(">= 1.10", "~> 1.9.0"))
    project.write("infrastructure/main.tf", CALL)
    inner = project.write("infrastructure/modules/inner/main.tf", OLDER)
    workspace = project.workspace()
    told = [(one.severity, one.file, one.line) for one in workspace.validate()]
    versions = project.definitions / "versions.tf"
    assert sorted(told, key=str) == [("warning", inner, 2), ("warning", versions, 3)]
    assert workspace.apply().added == 1
    inner.write_text("", encoding="utf-8")
    assert [one.file for one in workspace.validate()] == [versions]


def test_the_version_is_that_of_the_library(new_project: Callable[[], Project]) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", 'resource "aws_sqs_queue" "one" {}\n')
    workspace = project.workspace()
    workspace.apply()
    assert workspace.state()["terraform_version"] == TERRAFORM
