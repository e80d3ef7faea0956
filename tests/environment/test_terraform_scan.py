"""Stage tfsec: a finding in any module ends the run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from buildspecs import ROOT, Machine, Outcome, read
from stages import Stages

from scripts import scanners

MODULES = sorted(path.parent.name for path in ROOT.glob("infrastructure/modules/*/main.tf"))
PLACES = ("infrastructure", "environment", *(f"infrastructure/modules/{name}" for name in MODULES))

# One finding, at the mark. The root's scan misses modules, as Trivy's can.
FINDS = 'if [ -e "${@: -1}/finding" ]; then echo "${@: -1} has a finding"; exit 1; fi'
OPEN_BUCKET = """
resource "aws_s3_bucket" "open" {
  bucket = "open"
}

resource "aws_s3_bucket_public_access_block" "open" {
  bucket              = aws_s3_bucket.open.id
  block_public_acls   = false
  block_public_policy = false
}
"""


def lay_out(machine: Machine) -> None:
    """This project's definitions, as in the pipeline's source."""
    shutil.rmtree(machine.source)
    for part in ("infrastructure", "environment"):
        shutil.copytree(ROOT / part, machine.source / part)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    stages = Stages(tmp_path_factory.mktemp("scan"))
    stages.machine.stand_in("trivy", FINDS)
    lay_out(stages.machine)
    return stages


def scan(stages: Stages) -> Outcome:
    """The scanning phase, with Trivy as if it were installed."""
    spec = read("terraform_scan")
    spec["phases"] = {"build": spec["phases"]["build"]}
    return stages.machine.run(spec, stages.variables())


def test_without_a_finding_every_folder_is_scanned(stages: Stages) -> None:
    outcome = scan(stages)
    assert outcome.failed == "", outcome.output
    scanned = [words[-1].rstrip("/") for words in outcome.called("trivy", "config")]
    assert sorted(scanned) == sorted(PLACES)
    for words in outcome.called("trivy"):
        assert tuple(words[: len(scanners.TRIVY)]) == scanners.TRIVY


@pytest.mark.parametrize("place", PLACES)
def test_a_finding_in_any_folder_ends_the_run(stages: Stages, place: str) -> None:
    mark = stages.machine.source / place / "finding"
    mark.touch()
    try:
        outcome = scan(stages)
    finally:
        mark.unlink()
    assert outcome.failed
    assert f"{place}" in outcome.output


def test_one_run_reports_the_findings_of_all_modules(stages: Stages) -> None:
    marks = [stages.machine.source / "infrastructure/modules" / m / "finding" for m in MODULES[:2]]
    for mark in marks:
        mark.touch()
    output = scan(stages).output
    for mark in marks:
        mark.unlink()
        assert f"{mark.parent.name}/ has a finding" in output


@pytest.mark.parametrize("module", ["domain", MODULES[-1]])
def test_an_open_bucket_in_a_module_is_found_by_trivy_itself(module: str, tmp_path: Path) -> None:
    try:
        scanners.install()
    except scanners.ScannerError as error:
        pytest.skip(str(error))
    path = scanners.environment()["PATH"]
    trivy = shutil.which("trivy", path=path)
    # The other modules are sound (see `make check`). Only the open one is scanned by Trivy itself.
    real = (
        f'case "${{@: -1}}" in */{module}/) PATH="{os.environ["PATH"]}" exec {trivy} "$@" ;; esac'
    )
    stages = Stages(tmp_path, trivy=real)
    lay_out(stages.machine)
    variables = {k: v for k, v in scanners.environment().items() if k not in ("PATH", "HOME")}
    given = stages.variables(**variables)
    main = stages.machine.source / "infrastructure" / "modules" / module / "main.tf"
    main.write_text(main.read_text(encoding="utf-8") + OPEN_BUCKET, encoding="utf-8")
    outcome = stages.machine.run(read("terraform_scan"), given)
    assert "for module in" in outcome.failed
    assert "AWS-0087" in outcome.output
