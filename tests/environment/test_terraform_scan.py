"""Stage tfsec: a finding in any module ends the run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from buildspecs import ROOT, Machine, Outcome, read
from stages import Stages

from scripts import apart, scanners

MODULES = sorted(path.parent.name for path in ROOT.glob("infrastructure/modules/*/main.tf"))
ALONE = "infrastructure/alone"
PLACES = ("infrastructure", "environment", *(f"infrastructure/modules/{name}" for name in MODULES))

# A finding at each mark. It misses the modules that the root calls, as Trivy can.
FINDS = """\
code=0
for mark in "${@: -1}/finding" "${@: -1}"/alone/*/finding; do
  if [ -e "$mark" ]; then echo "found: $mark"; code=1; fi
done
exit $code
"""
OPEN = "AWS-0087"
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


def lay_out(machine: Machine, *modules: str) -> None:
    """This project's definitions, as in the pipeline's source, with these modules only."""
    shutil.rmtree(machine.source)
    for part in ("infrastructure", "environment"):
        shutil.copytree(ROOT / part, machine.source / part)
    for folder in (machine.source / "infrastructure" / "modules").iterdir():
        if folder.name not in modules:
            shutil.rmtree(folder)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    stages = Stages(tmp_path_factory.mktemp("scan"))
    stages.machine.stand_in("trivy", FINDS)
    lay_out(stages.machine, *MODULES)
    # The stand-in looks for marks. Each run copies and changes the files, for half of its time.
    for file in (stages.machine.source / "infrastructure" / "modules").glob("*/*"):
        if file.name != "main.tf":
            file.unlink()
    return stages


def scan(stages: Stages) -> Outcome:
    """The scanning phase, with Trivy as if it were installed."""
    shutil.rmtree(stages.machine.source / "infrastructure" / "alone", ignore_errors=True)
    spec = read("terraform_scan")
    spec["phases"] = {"build": spec["phases"]["build"]}
    return stages.machine.run(spec, stages.variables())


def test_without_a_finding_every_folder_is_scanned(stages: Stages) -> None:
    outcome = scan(stages)
    assert outcome.failed == "", outcome.output
    [[*_, option, variables, scanned]] = outcome.called("trivy", "config")
    assert (option, Path(variables).name, scanned) == (
        "--tf-vars", "terraform.tfvars", "infrastructure",
    )  # fmt: skip
    alone = stages.machine.source / ALONE
    assert sorted(path.name for path in alone.iterdir()) == sorted([*MODULES, "environment"])
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
    copy = place.replace("infrastructure/modules", ALONE).replace(
        "environment", f"{ALONE}/environment"
    )
    assert f"found: {copy}/finding" in outcome.output


def test_one_run_reports_the_findings_of_all_modules(stages: Stages) -> None:
    marks = [stages.machine.source / "infrastructure/modules" / m / "finding" for m in MODULES[:2]]
    for mark in marks:
        mark.touch()
    output = scan(stages).output
    for mark in marks:
        mark.unlink()
        assert f"found: {ALONE}/{mark.parent.name}/finding" in output


def test_the_checks_of_this_project_scan_what_the_pipeline_scans(
    stages: Stages, tmp_path: Path
) -> None:
    source = stages.machine.source
    shutil.rmtree(source / ALONE, ignore_errors=True)
    scanners.lay_out(source, tmp_path / "ours")
    scan(stages)
    theirs, ours = (
        {str(file.relative_to(root)): file.read_text("utf-8") for file in root.rglob("*.tf")}
        for root in (source / "infrastructure", tmp_path / "ours")
    )
    assert theirs == ours


Finding = tuple[str, str, int, str]  # the module's file, the check, the line, who calls it


@pytest.fixture(scope="module")
def installed() -> None:
    try:
        scanners.install()
    except apart.InstallError as error:
        pytest.skip(str(error))


def seeded(folder: Path, *modules: str) -> Path:
    """A root that calls these modules, with a finding in each. One that this project does not have
    calls the next one.
    """
    calls = ""
    for module, following in zip(modules, [*modules[1:], ""], strict=True):
        part = f"infrastructure/modules/{module}"
        if module in MODULES:
            shutil.copytree(ROOT / part, folder / part)
        else:
            (folder / part).mkdir(parents=True)
            main = call(following, f"../{following}")
            (folder / part / "main.tf").write_text(main, encoding="utf-8")
        seed(folder, module)
        calls += call(module, f"./modules/{module}")
    (folder / "infrastructure" / "main.tf").write_text(calls, encoding="utf-8")
    return folder


def call(module: str, source: str) -> str:
    return f'module "{module}" {{\n  source = "{source}"\n}}\n'


def seed(folder: Path, module: str) -> None:
    main = folder / "infrastructure" / "modules" / module / "main.tf"
    main.write_text(main.read_text(encoding="utf-8") + OPEN_BUCKET, encoding="utf-8")


def findings(folder: Path, place: str) -> Counter[Finding]:
    """By the real scanner, with the command of the buildspec."""
    outcome = subprocess.run(
        [*scanners.TRIVY, "--format", "json", place], cwd=folder,
        env=scanners.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert outcome.returncode == 1, outcome.stderr
    return Counter(
        (
            "/".join(Path(os.path.normpath(f"{place}/{result['Target']}")).parts[-2:]),
            finding["ID"],
            finding["CauseMetadata"]["StartLine"],
            finding["CauseMetadata"]["Resource"],
        )
        for result in json.loads(outcome.stdout)["Results"]
        for finding in result.get("Misconfigurations", ())
    )


def test_one_start_finds_what_a_start_for_the_root_and_each_module_finds(
    installed: None, tmp_path: Path
) -> None:
    """Also in the modules that they call, for each of the callers. `test_scanners` has a start for
    all modules, and for the template beside them."""
    modules = ("caller", "web_acl", "key")  # each calls the next one
    folder = seeded(tmp_path, *modules)
    apart = findings(folder, "infrastructure")
    for module in modules:
        apart += findings(folder, f"infrastructure/modules/{module}")
    assert {file for file, *_ in apart} == {f"{module}/main.tf" for module in modules}
    scanners.lay_out(folder, folder / "definitions")
    assert findings(folder, "definitions") == apart


def test_an_open_bucket_ends_the_run(installed: None, tmp_path: Path) -> None:
    """The whole buildspec, with the real scanner."""
    path = scanners.environment()["PATH"]
    module, program = MODULES[-1], shutil.which("trivy", path=path)
    stages = Stages(tmp_path, trivy=f'PATH="{os.environ["PATH"]}" exec {program} "$@"')
    lay_out(stages.machine, module, "key")  # which it calls
    variables = {k: v for k, v in scanners.environment().items() if k not in ("PATH", "HOME")}
    given = stages.variables(**variables)
    seed(stages.machine.source, module)
    outcome = stages.machine.run(read("terraform_scan"), given)
    assert "trivy config" in outcome.failed
    assert f"alone/{module}/main.tf" in outcome.output
    assert OPEN in outcome.output
    # Without it, the real report names all that it has to.
    lay_out(stages.machine, module, "key")
    stages.machine.python()
    outcome = stages.machine.run(read("terraform_scan"), given)
    assert outcome.failed == "", outcome.output
    assert outcome.called("python3", "environment/buildspecs/scanned.py")
