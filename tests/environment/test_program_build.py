"""Stage Build: a new image is pushed when its scan finds nothing. A pushed image stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from buildspecs import Outcome, option, read
from stages import REPOSITORY, Stages

IMAGE = f"{REPOSITORY}:commit-1"
# A finding: Trivy exits with the code from its option, and converts its report to a table.
FINDS = """\
if [ "$1" = convert ]; then echo CVE-2026-1; exit; fi
while [ "$1" != --exit-code ]; do shift; done
exit "$2"
"""
BREAKS = "echo 'no database' >&2; exit 1"


def build(directory: Path, trivy: str = "", **variables: str) -> Outcome:
    stages = Stages(directory, trivy=trivy)
    return stages.machine.run(read("program_build"), stages.variables(**variables))


def test_a_new_image_is_built_scanned_and_pushed_in_this_order(tmp_path: Path) -> None:
    outcome = build(tmp_path)
    assert outcome.failed == ""
    order = [tuple(words[:2]) for words in outcome.calls if words[0] in ("docker", "trivy")]
    assert order == [
        ("docker", "login"),
        ("docker", "build"),
        ("trivy", "image"),
        ("trivy", "convert"),
        ("docker", "push"),
    ]
    ((_, _, *scan),) = outcome.called("trivy", "image")
    assert scan[-1] == IMAGE
    assert option(scan, "--severity") == "HIGH,CRITICAL"
    assert option(scan, "--pkg-types") == "os,library"
    assert option(scan, "--scanners") == "vuln,secret,misconfig"


def test_a_new_image_with_a_finding_is_not_pushed(tmp_path: Path) -> None:
    outcome = build(tmp_path, FINDS)
    assert outcome.failed
    assert "CVE-2026-1" in outcome.output
    assert not outcome.called("docker", "push")


def test_a_new_image_that_cannot_be_scanned_is_not_pushed(tmp_path: Path) -> None:
    assert not build(tmp_path, BREAKS).called("docker", "push")


def test_a_pushed_image_with_a_finding_is_reported_and_not_refused(tmp_path: Path) -> None:
    outcome = build(tmp_path, FINDS, PUSHED_BEFORE="1")
    assert outcome.failed == ""
    assert "CVE-2026-1" in outcome.output
    assert not outcome.called("docker", "build")
    assert not outcome.called("docker", "push")


def test_a_failing_scanner_does_not_block_a_rollback(tmp_path: Path) -> None:
    outcome = build(tmp_path, BREAKS, PUSHED_BEFORE="1")
    assert outcome.failed == ""
    assert "could not be scanned" in outcome.output


RESCANS = {
    "nothing is known": ("", "1", "commit-1", ""),
    "something is known": (FINDS, "1", "commit-1", "CVE-2026-1"),
    "the scanner fails": (BREAKS, "1", "commit-1", "no database"),
    "it is gone": ("", "0", "commit-1", "is released, and gone"),
    "nothing is released": (BREAKS, "0", "unreleased", ""),
}


@pytest.mark.parametrize("case", RESCANS)
def test_the_weekly_scan_of_a_released_image(tmp_path: Path, case: str) -> None:
    """It fails by what is known by now, and neither builds nor pushes."""
    trivy, pushed, tag, said = RESCANS[case]
    outcome = build(tmp_path, trivy, RESCAN="true", PUSHED_BEFORE=pushed, IMAGE_TAG=tag)
    assert bool(outcome.failed) == bool(said), outcome.output
    assert said in outcome.output
    assert bool(outcome.called("trivy", "image")) == (pushed == "1")
    assert {words[1] for words in outcome.calls if words[0] == "docker"} == {"login"}


def test_the_existence_of_an_image_is_checked_and_not_guessed(tmp_path: Path) -> None:
    stages = Stages(tmp_path)
    stages.machine.stand_in("aws", '[ "$2" != batch-get-image ] && echo password')
    outcome = stages.machine.run(read("program_build"), stages.variables())
    assert "batch-get-image" in outcome.failed
    assert not outcome.called("docker", "build")


@pytest.mark.parametrize("number", ["None", " ", "x"])
def test_an_image_is_not_released_unscanned_when_nothing_says_that_it_was_pushed(
    tmp_path: Path, number: str
) -> None:
    outcome = build(tmp_path, PUSHED_BEFORE=number)
    assert "is not a number of images" in outcome.output
    assert outcome.failed
    assert not outcome.called("trivy", "image")


def test_without_a_digest_the_scanner_is_not_fetched(tmp_path: Path) -> None:
    outcome = build(tmp_path, TRIVY_SHA256="")
    assert "trivy.sha256 is not set" in outcome.output
    assert outcome.calls == []


def test_a_tag_is_a_single_manifest_whose_digest_a_task_runs(tmp_path: Path) -> None:
    assert build(tmp_path).variables["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"
