"""This repository's buildspecs, run with real curl, digests and archives.

The tools that they fetch, and AWS, are doubles.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from builds import ROOT, Rig, log, statuses
from stages import PYTHON, STAGES, Stages

from bonkei.services.codebuild.tools.archives import archive_digests
from bonkei.services.codebuild.values import BuildInput, BuildOutput

AWS = """\
case "$1 $2" in
  "s3api get-object") for last; do :; done; : >"$last"; echo version-1 ;;
  "ecr get-login-password") echo password ;;
  "ecr batch-get-image") echo 0 ;;
esac
"""
TERRAFORM = """\
echo "terraform $1"
case "$1" in
  plan) echo plan >tfplan; exit 2 ;;
  show) echo '{}' ;;
esac
"""


def commands(folder: Path) -> dict[str, tuple[str, ...]]:
    bodies = {
        "aws": AWS, "terraform": TERRAFORM, "trivy": 'echo "trivy $1"', "python3": PYTHON,
        "docker": '[ "$1" != login ] || read -r password; echo "docker $1"',
    }  # fmt: skip
    folder.mkdir()
    found = {}
    for name, body in bodies.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        found[name] = ("/bin/sh", str(folder / name))
    return found


REACHED = {
    "terraform_scan": "trivy config",
    "terraform_plan": "summary",
    "terraform_apply": "terraform apply",
    "program_build": "docker push",
    **dict.fromkeys(("program_migrate", "program_deploy", "program_verify"), "summary"),
}


@pytest.mark.parametrize("stage", STAGES)
async def test_each_buildspec_runs_to_its_end(rig: Rig, stage: str, tmp_path: Path) -> None:
    stages = Stages(tmp_path / "stages-of-the-support")
    digests = archive_digests()
    given = stages.variables(TERRAFORM_SHA256=digests["terraform"], TRIVY_SHA256=digests["trivy"])
    shutil.copytree(stages.machine.source, rig.source, dirs_exist_ok=True)
    shutil.copytree(ROOT / "environment", rig.source / "environment", dirs_exist_ok=True)
    rig.world.commands = commands(rig.world.directory / "tools")
    rig.world.reads = (rig.world.directory / "tools",)
    rig.builds._given = rig.world.surroundings()
    variables = tuple(
        (name, value, "PLAINTEXT") for name, value in given.items() if "SRC_DIR" not in name
    )
    rig.project(f"environment/buildspecs/{stage}.yaml", privileged=stage == "program_build")
    result = await rig.run(
        inputs=(BuildInput("Source", folder=rig.source), BuildInput("Plan", folder=stages.plan)),
        outputs=(BuildOutput("Plan", "art", "plan"),) if stage == "terraform_plan" else (),
        variables=variables,
    )
    assert result.status == "SUCCEEDED", log(result)
    assert set(statuses(result).values()) == {"SUCCEEDED", ""}
    assert f"\n{REACHED[stage]}" in log(result)
    if stage == "terraform_plan":
        assert result.exported["HAS_CHANGES"] == "true"
        assert result.exported["CODEBUILD_BUILD_ID"] == result.id
        assert len(result.exported["PLAN_SHA256"]) == 64
    if stage == "terraform_scan":
        assert dict(result.exported) == {"TFVARS_VERSION": "version-1"}
        assert log(result).count("\ntrivy config") == 1  # the root, all modules and environment
