"""Stage tfsec: a finding in any module ends the run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
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


@pytest.fixture(scope="module")
def trivy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], subprocess.CompletedProcess]:
    """The real scanner, on copies of this project's definitions that have a finding each."""
    try:
        scanners.install()
    except scanners.ScannerError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("modules")
    shutil.copytree(ROOT / "infrastructure", folder / "infrastructure")

    def scan(module: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*scanners.TRIVY, f"infrastructure/modules/{module}/"], cwd=folder,
            env=scanners.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip

    for module in MODULES:
        seed(folder, module)
    return scan


def seed(folder: Path, module: str) -> None:
    main = folder / "infrastructure" / "modules" / module / "main.tf"
    main.write_text(main.read_text(encoding="utf-8") + OPEN_BUCKET, encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_a_finding_in_each_module_is_trivys_own(
    trivy: Callable[[str], subprocess.CompletedProcess], module: str
) -> None:
    """The command of the buildspec. A module's own scan sees that module and those that it calls,
    so that each finding is looked for where it is."""
    outcome = trivy(module)
    assert outcome.returncode == 1
    assert "AWS-0087" in outcome.stdout
    assert f"main.tf:{_line_of_the_finding(module)}" in outcome.stdout


def _line_of_the_finding(module: str) -> int:
    """Where the access block begins that is open."""
    text = (ROOT / "infrastructure" / "modules" / module / "main.tf").read_text(encoding="utf-8")
    lines = (text + OPEN_BUCKET).splitlines()
    return lines.index('resource "aws_s3_bucket_public_access_block" "open" {') + 1


def test_an_open_bucket_ends_the_run(tmp_path: Path, trivy: object) -> None:
    """The whole buildspec, of which one module has the real scanner."""
    assert trivy
    path = scanners.environment()["PATH"]
    module, program = MODULES[-1], shutil.which("trivy", path=path)
    # The others are sound (see `make check`): the scan of the one that is not is Trivy's own.
    real = (
        f'case "${{@: -1}}" in */{module}/) PATH="{os.environ["PATH"]}" exec {program} "$@" ;; esac'
    )
    stages = Stages(tmp_path, trivy=real)
    lay_out(stages.machine)
    variables = {k: v for k, v in scanners.environment().items() if k not in ("PATH", "HOME")}
    given = stages.variables(**variables)
    seed(stages.machine.source, module)
    outcome = stages.machine.run(read("terraform_scan"), given)
    assert "for module in" in outcome.failed
    assert "AWS-0087" in outcome.output
