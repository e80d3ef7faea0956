"""A start imports only what each miniature needs at once; a command, only what it does itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bonkei.miniature.home import Home
from bonkei.miniature.lock import HomeLock
from tests.bonkei.cli.projects import make_project

LATER = {
    "bonkei.definitions.cloudformation.resources.catalogue": "a stack",
    "bonkei.definitions.cloudformation.service": "a call of CloudFormation",
    "bonkei.services.codepipeline.api": "a call of CodePipeline",
    "bonkei.services.ecr.api": "a call of ECR",
    "bonkei.services.ecr.engines.builder": "a build of an image",
    "bonkei.services.ecr.layers": "a task that runs from a built image",
    "bonkei.services.codecommit.api": "a call of CodeCommit",
    "bonkei.services.edge.explain.explain": "a request's explanation",
    "bonkei.miniature.rehearsal.rehearsal": "a rehearsal",
    "statistics": "a metric's standard deviation",
    "tarfile": "an image",
    "bonkei.analysis.check": "the page of a resource or of permissions",
    "bonkei.analysis.diagram": "the console's picture",
    "bonkei.services.faults.drill": "a drill",
    "google.protobuf": "a plan of Terraform",
    "psycopg": "a look at tables, a rehearsal, or a server of the user's own",
}
"""Packages, and what imports them when it is asked for."""


def imported_with(module: str) -> set[str]:
    program = f"import sys, {module}; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(shown.stdout.split())


def test_the_way_of_up_leaves_out_what_is_wanted_later() -> None:
    assert not LATER.keys() & imported_with("bonkei.miniature.foreground")


@pytest.mark.parametrize("module", ["background", "removing", "asking"])
def test_a_command_that_runs_no_miniature_does_not_import_one(module: str) -> None:
    """That takes a second of a processor. `bonkei up --detach` would wait for it twice."""
    found = imported_with(f"bonkei.miniature.{module}")
    assert "bonkei.miniature.home" in found
    assert not {"aiohttp", "bonkei.miniature.supervisor", "bonkei.services.edge"} & found


def test_a_command_that_only_asks_a_miniature_imports_little() -> None:
    """These took a quarter of `bonkei status`."""
    found = imported_with("bonkei.cli.program, bonkei.miniature.asking")
    assert "bonkei.miniature.control.calling" in found
    assert not {"asyncio", "psutil", "ssl", "subprocess"} & found


def test_a_place_in_the_definitions_is_found_without_the_rules() -> None:
    """They took two thirds of `bonkei status`."""
    found = imported_with(
        "bonkei.cli.observing.status, bonkei.cli.aws.iam, bonkei.definitions.sources"
    )
    assert not {"bonkei.analysis.check", "bonkei.services.ecs"} & found


def test_the_terraform_of_a_build_imports_little() -> None:
    """A release starts it seven times, and one of them calls AWS. None works on a workspace."""
    found = imported_with("bonkei.miniature.parts.codebuild.terraform")
    assert "bonkei.definitions.terraform.runs.run" in found
    assert not {"aiohttp", "bonkei.definitions.terraform.workspace"} & found


def test_a_provider_reads_its_data_as_files() -> None:
    """One starts for each plan. A package's resources would load a twentieth more."""
    found = imported_with(
        "bonkei.definitions.provider.aws, bonkei.definitions.provider.plugin.server"
    )
    assert "bonkei.definitions.provider.aws.s3" in found
    assert not {"importlib.metadata", "importlib.resources"} & found


def test_the_applied_roles_are_read_without_the_miniature() -> None:
    """Its parts took half of `bonkei iam used`."""
    found = imported_with(
        "bonkei.cli.aws.iam, bonkei.blueprint, bonkei.definitions.cloudformation.stacks.stored"
    )
    assert (
        not {
            "asyncio",
            "bonkei.definitions.cloudformation.stacks.engine",
            "bonkei.miniature.applied",
        }
        & found
    )


def test_a_second_start_is_refused_before_the_import(tmp_path: Path) -> None:
    """The import takes most of the second that a person would wait for the refusal."""
    root = make_project(tmp_path)
    lock = HomeLock(Home(root / ".bonkei").make())
    lock.acquire()
    refused = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bonkei", "up"],
        capture_output=True, text=True, check=False, cwd=root,
        env={name: each for name, each in os.environ.items() if name != "BONKEI_HOME"},
    )  # fmt: skip
    lock.release()
    assert refused.returncode == 1
    assert "already runs" in refused.stderr
    assert "bonkei.miniature.supervisor" not in refused.stderr
