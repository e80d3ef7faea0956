"""More of the workspace: interruption, formatting, tests, and other executables."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.programs import Consent
from bonkei.definitions.terraform.runs import run as runs
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

MANY = """
resource "aws_eip" "this" {
  count  = 120
  domain = "vpc"
}
"""

TOGETHER = 12
"""More than the ten that Terraform works on at a time, where nothing else is said."""

EACH_AWAITS_ALL = f"""
resource "terraform_data" "this" {{
  count = {TOGETHER}

  provisioner "local-exec" {{
    working_dir = "../there"
    command     = <<-EOT
      touch ${{count.index}}
      for _ in $(seq 1200); do
        [ $(ls | wc -l) -lt {TOGETHER} ] || exit 0
        sleep 0.05
      done
      exit 1
    EOT
  }}
}}
"""


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()


def test_an_interrupted_apply_keeps_its_finished_resources(project: Project) -> None:
    project.write("infrastructure/main.tf", MANY)
    workspace = project.workspace()

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workspace.apply(progress=interrupt)
    assert not workspace.is_current()
    there = len(workspace.state()["values"]["root_module"]["resources"])
    assert 25 <= there <= 120
    assert workspace.plan().count("create") == 120 - there


def test_progress_counts_resources(project: Project) -> None:
    project.write("infrastructure/main.tf", MANY)
    told: list[str] = []
    assert project.workspace().apply(progress=told.append).added == 120
    assert told == [f"{n} of 120 resources" for n in (25, 50, 75, 100)]


def test_more_resources_are_made_at_a_time_than_terraforms_ten(project: Project) -> None:
    project.write("infrastructure/main.tf", EACH_AWAITS_ALL)
    (project.root / "there").mkdir()
    consent = Consent(allowed=True)
    workspace = Workspace(project.definitions, project.home, consent=consent)
    assert workspace.apply().added == TOGETHER


def test_another_executable_replaces_the_library(project: Project, tmp_path: Path) -> None:
    """Any program with Terraform's interface works. This one prints its arguments."""
    asked = tmp_path / "asked"
    program = tmp_path / "terraform"
    real = shlex.join(runs.command(None))
    program.write_text(f'#!/bin/sh\necho "$1" >> {asked}\nexec {real} "$@"\n')
    program.chmod(0o755)
    project.write("infrastructure/main.tf", 'resource "aws_vpc" "x" { cidr_block = "10.0.0.0/16" }')
    shutil.rmtree(project.home)  # the library has initialized it
    workspace = project.workspace(terraform=str(program))
    assert workspace.apply().added == 1
    assert asked.read_text().split() == ["init", "apply"]


def test_formatting(project: Project) -> None:
    file = project.write("infrastructure/main.tf", 'locals {\n a="b"\n}\n')
    workspace = project.workspace()
    assert workspace.fmt(check=True) == ["main.tf"]
    assert file.read_text() == 'locals {\n a="b"\n}\n'
    assert workspace.fmt() == ["main.tf"]
    assert file.read_text() == 'locals {\n  a = "b"\n}\n'
    assert workspace.fmt(check=True) == []
    file.write_text("locals {")
    with pytest.raises(TerraformError, match=r"^Error: (?s:.*)on main\.tf line 1") as caught:
        workspace.fmt()
    assert "\x1b" not in caught.value.message  # a colour would be shown as its code


def test_terraform_test_runs_through_the_provider(project: Project) -> None:
    project.write(
        "infrastructure/main.tf",
        """
        variable "name" { default = "x" }

        resource "aws_secretsmanager_secret" "this" {
          name = var.name
        }

        resource "aws_secretsmanager_secret_version" "this" {
          secret_id     = aws_secretsmanager_secret.this.id
          secret_string = "s"
        }
        """,
    )
    passing = """
        run "applies" {
          assert {
            condition     = startswith(aws_secretsmanager_secret.this.arn, "arn:aws:secretsmanager")
            error_message = "That is not an ARN."
          }
        }
        """
    tests = project.write("infrastructure/tests/main.tftest.hcl", passing)
    told: list[str] = []
    workspace = project.workspace()
    found = workspace.test(report=told.append)
    assert (found.passed, found.summary()) == (True, "1 passed, 0 failed")
    assert told == ["tests/main.tftest.hcl", "  pass  applies"]
    assert not (project.home / "secrets").exists()

    tests.write_text(passing.replace('secretsmanager"', 'sns"') + 'run "goes_on" {}')
    project.write(
        "infrastructure/broken.tftest.hcl", 'run "x" {\n  variables { name = no.such }\n}'
    )
    found = workspace.test(report=told.append)
    assert (found.passed, found.summary()) == (False, "1 passed, 2 failed")
    ended = {run.name: run for run in found.runs}
    (assertion,), (reference,) = ended["applies"].diagnostics, ended["x"].diagnostics
    assert (assertion.detail, assertion.file) == ("That is not an ARN.", tests)
    assert (ended["x"].status, reference.line) == ("error", 2)
    assert any("That is not an ARN." in line for line in told)
    only = workspace.test(files=["broken.tftest.hcl"])
    assert [run.name for run in only.runs] == ["x"]


def test_a_missing_test_is_not_a_success(project: Project) -> None:
    """Terraform itself reports "Success! 0 passed, 0 failed." """
    project.write("infrastructure/main.tf", "")
    with pytest.raises(TerraformError, match="There are no tests"):
        project.workspace().test()
    project.write("infrastructure/tests/a.tftest.hcl", 'run "a" {}')
    with pytest.raises(TerraformError, match=r"no test file tests/b\.tftest\.hcl") as raised:
        project.workspace().test(files=["tests/b.tftest.hcl"])
    assert raised.value.remedy == "there are: tests/a.tftest.hcl"
