"""Stages Plan and Apply with real Terraform: applied and refused plans."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from buildspecs import BUILDSPECS, Outcome, read
from stages import Stages

from bonkei.definitions.terraform.runs.run import command

DEFINITIONS = """
variable "service_name" { type = string }
variable "environment_identifier" { type = string }
variable "region" {
  type    = string
  default = "ap-northeast-1"
}
variable "permissions_boundary_arn" { type = string }
variable "bootstrap" { type = bool }
variable "size" { type = number }

resource "terraform_data" "system" {
  input = [
    var.service_name, var.environment_identifier, var.region, var.permissions_boundary_arn,
    var.bootstrap, var.size
  ]
}
"""
# The variables as a user may upload them: an example for another environment.
VARIABLES = """
service_name             = "other"
environment_identifier   = "staging"
region                   = "us-east-1"
permissions_boundary_arn = null
bootstrap                = true
size                     = 1
"""


class Pipeline:
    """Both stages on one source. Its state lies beside the definitions."""

    def __init__(self, directory: Path) -> None:
        words = shlex.join(command(None))
        path = os.environ["PATH"]
        self.stages = Stages(directory, terraform=f'PATH="{path}" exec {words} "$@"')
        self.variables_file = directory / "terraform.tfvars"
        self.variables_file.write_text(VARIABLES, encoding="utf-8")
        self.infrastructure = self.stages.machine.source / "infrastructure"
        (self.infrastructure / "main.tf").write_text(DEFINITIONS, encoding="utf-8")
        buildspecs = self.stages.machine.source / "environment" / "buildspecs"
        buildspecs.symlink_to(BUILDSPECS)
        given = f'exec /bin/cp {self.variables_file} "${{@: -1}}"'
        copy = f"""\
case "$1 $2" in
  "s3api get-object") {given} ;;
  "ssm get-parameters") echo "$RELEASED_TAG" ;;
esac"""
        self.stages.machine.stand_in("aws", copy)
        self.stages.machine.python()
        self.planned: Outcome

    def plan(self, **others: str) -> Outcome:
        spec = read("terraform_plan")
        given = self.stages.variables(
            **{"CHECKPOINT_DISABLE": "1", "RELEASED_TAG": "0f2a", **others}
        )
        self.planned = self.stages.machine.run(spec, given)
        if not self.planned.failed:
            self.stages.machine.artifacts(spec, self.stages.plan)
        return self.planned

    def apply(self) -> Outcome:
        digest = self.planned.variables["PLAN_SHA256"]
        given = self.stages.variables(CHECKPOINT_DISABLE="1", PLAN_SHA256=digest)
        return self.stages.machine.run(read("terraform_apply"), given)

    @property
    def state(self) -> list[Any]:
        """The system's present state; empty before the first apply."""
        file = self.infrastructure / "terraform.tfstate"
        if not file.exists():
            return []
        (resource,) = json.loads(file.read_text(encoding="utf-8"))["resources"]
        return list(resource["instances"][0]["attributes"]["input"]["value"])


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


def test_the_stacks_values_decide_whatever_the_variables_say(
    pipeline: Pipeline,
) -> None:
    planned = pipeline.plan(AWS_REGION="eu-west-1")
    assert planned.failed == "", planned.output
    assert planned.variables["HAS_CHANGES"] == "true"
    assert planned.variables["SUMMARY"] == "create 1: create terraform_data.system"
    assert planned.variables["SUMMARY"] in planned.output
    applied = pipeline.apply()
    assert applied.failed == "", applied.output
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    assert pipeline.state == ["statuspage", "production", "eu-west-1", boundary, False, 1]
    again = pipeline.plan(AWS_REGION="eu-west-1")
    assert (again.failed, again.variables["HAS_CHANGES"]) == ("", "false")


@pytest.mark.parametrize("tag", ["", "None", "unreleased"])
def test_until_the_first_release_services_begin_without_tasks(pipeline: Pipeline, tag: str) -> None:
    """Neither the parameter nor an image is there, or the parameter is as Terraform made it."""
    assert pipeline.plan(RELEASED_TAG=tag).failed == ""
    assert pipeline.apply().failed == ""
    assert pipeline.state[-2] is True
    assert pipeline.plan().variables["HAS_CHANGES"] == "true"
    assert pipeline.apply().failed == ""
    assert pipeline.state[-2] is False


def test_a_plan_older_than_the_state_is_refused(pipeline: Pipeline) -> None:
    pipeline.plan()
    assert pipeline.apply().failed == ""
    pipeline.variables_file.write_text(VARIABLES.replace("= 1", "= 2"), encoding="utf-8")
    pipeline.plan()
    assert pipeline.apply().failed == ""
    late = pipeline.apply()
    assert late.failed.startswith("terraform apply")
    assert "Saved plan is stale" in late.output


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A plan with a package, which is not applied."""
    pipeline = Pipeline(tmp_path_factory.mktemp("planned"))
    package = pipeline.infrastructure / "build" / "function.zip"
    package.parent.mkdir()
    package.write_bytes(b"package")  # in the form that archive_file makes
    assert pipeline.plan().failed == ""
    return pipeline


@pytest.mark.parametrize("name", ["tfplan", "programs.json", "build/function.zip", "plan.sha256"])
def test_a_changed_plan_is_refused(planned: Pipeline, name: str) -> None:
    file = planned.stages.plan / name
    made = file.read_bytes()
    file.write_bytes(made + b" ")
    outcome = planned.apply()
    file.write_bytes(made)
    assert outcome.failed.startswith("sha256sum")
    assert not outcome.called("terraform")
    assert planned.state == []


def test_wrong_definitions_end_the_plan(pipeline: Pipeline) -> None:
    pipeline.variables_file.write_text('size = "large"', encoding="utf-8")
    outcome = pipeline.plan()
    assert "terraform plan" in outcome.failed
    assert "Invalid value for input variable" in outcome.output


def test_without_a_provider_lock_nothing_is_planned(pipeline: Pipeline) -> None:
    (pipeline.infrastructure / ".terraform.lock.hcl").unlink()
    outcome = pipeline.plan()
    assert "terraform providers lock" in outcome.output
    assert not outcome.called("terraform")
