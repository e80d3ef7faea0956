"""Every entry of every buildspec fails on its own, when run as CodeBuild runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from buildspecs import BUILDSPECS, Machine, read
from stages import STAGES, Stages

FILES = sorted(BUILDSPECS.glob("*.yaml"))


def spec(*commands: str, **others: Any) -> dict[str, Any]:
    phases = {"build": {"commands": list(commands)}}
    return {"version": 0.2, "env": {"shell": "bash"}, "phases": phases, **others}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_command_with_a_colon_in_it_is_still_text(file: Path) -> None:
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    commands = [command for phase in found["phases"].values() for command in phase["commands"]]
    assert commands
    assert [command for command in commands if not isinstance(command, str)] == []


def test_every_buildspec_belongs_to_a_tested_stage() -> None:
    assert sorted(STAGES) == [file.stem for file in FILES]


# --- The machine ---------------------------------------------------------------------------------


def test_variables_and_the_directory_carry_over_and_options_do_not(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (machine.source / "below").mkdir()
    outcome = machine.run(
        spec("set -euo pipefail", "X='a\nb'; cd below", 'test "$X" = "a\nb"', "false; Y=$PWD"), {}
    )
    assert outcome.failed == ""
    assert outcome.variables["Y"] == str(machine.source / "below")


@pytest.mark.parametrize(
    "entry",
    ['for each in 1 2; do test "$each" = 2; done', 'X="$(false)"; export X', "false | true"],
)
def test_an_unchecked_failure_inside_an_entry_is_lost(entry: str, tmp_path: Path) -> None:
    assert Machine(tmp_path).run(spec("set -euo pipefail", entry), {}).failed == ""


def test_a_failure_ends_the_build_with_its_entry(tmp_path: Path) -> None:
    outcome = Machine(tmp_path, {"then": ""}).run(spec("exit 3", "then"), {})
    assert (outcome.failed, outcome.calls) == ("exit 3", [])


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="batch"):
        Machine(tmp_path).run(spec("true", batch={}), {})


# --- The stages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_each_failing_command_fails_the_build(stage: str, tmp_path: Path) -> None:
    stages = Stages(tmp_path)
    passed = stages.machine.run(read(stage), stages.variables())
    assert passed.failed == "", passed.output
    assert passed.calls
    for number, words in enumerate(passed.calls, start=1):
        failed = stages.machine.run(read(stage), stages.variables(), failing=number)
        assert failed.failed, f"{stage} passed although this failed: {words}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_build_writes_only_below_its_home_and_its_source(stage: str, tmp_path: Path) -> None:
    stages = Stages(tmp_path)
    outcome = stages.machine.run(read(stage), stages.variables())
    allowed = (str(tmp_path), "infrastructure", ".", "$")
    for words in outcome.calls:
        if words[0] in ("curl", "tar", "unzip", "cp", "mkdir"):
            places = [word for word in words[1:] if word.startswith("/")]
            assert [place for place in places if not place.startswith(allowed)] == [], words


@pytest.mark.parametrize("stage", [s for s in STAGES if s.startswith("terraform") or "build" in s])
def test_an_archive_with_another_digest_is_not_unpacked(stage: str, tmp_path: Path) -> None:
    stages = Stages(tmp_path)
    other = stages.variables(TRIVY_SHA256="0" * 64, TERRAFORM_SHA256="0" * 64)
    outcome = stages.machine.run(read(stage), other)
    assert "sha256sum" in outcome.failed
    assert not outcome.called("tar")
    assert not outcome.called("unzip")
