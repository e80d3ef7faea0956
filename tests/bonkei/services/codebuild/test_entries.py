"""Entries and phases of a build, run as CodeBuild runs them.

"Build specification reference": each entry runs in its order; and "Build phase transitions",
https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
"""

from __future__ import annotations

import pytest
from builds import Room, log, spec, statuses

ALL = [
    *("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"),
    *("BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"),
]


async def test_a_build_goes_through_its_phases(room: Room) -> None:
    (room.source / "given.txt").write_text("content\n", encoding="utf-8")
    result = await room.run(spec("cat given.txt", 'test "$PWD" = "$CODEBUILD_SRC_DIR"'))
    assert result.status == "SUCCEEDED", log(result)
    assert list(statuses(result)) == ALL
    assert set(statuses(result).values()) == {"SUCCEEDED", ""}  # COMPLETED has no duration
    assert "Running command cat given.txt\ncontent\n" in log(result)
    # The build's folder is deleted, and its input is unchanged.
    assert list((room.world.directory / "builds" / "runs").iterdir()) == []
    assert [file.name for file in room.source.iterdir()] == ["given.txt"]


async def test_variables_and_the_folder_carry_over_and_options_do_not(room: Room) -> None:
    """ "variables and the working directory carry over, `set -e` does not"."""
    result = await room.run(
        spec(
            "set -euo pipefail",
            "X='a\nb'; mkdir below; cd below",
            'test "$X" = "a\nb"',
            'false; Y="$(basename "$PWD")"',
            'test "$Y" = below',
            "f() { :; }",
            "! type f 2>/dev/null",
        )
    )
    assert result.status == "SUCCEEDED", log(result)


@pytest.mark.parametrize("shell", ["bash", "/bin/sh"])
async def test_both_shells_pass_unusual_values_on(room: Room, shell: str) -> None:
    result = await room.run(
        spec(
            "A='$(rm -rf x) `y` \"z\" \\'",
            "test ${#A} = 21 || { echo ${#A}; exit 1; }",
            shell=shell,
        )
    )
    assert result.status == "SUCCEEDED", log(result)


async def test_a_build_may_have_commands_of_its_own(room: Room) -> None:
    """Those around its entries are the shell's."""
    result = await room.run(
        spec(
            """for name in cat pwd; do ln -s "$(type -P false)" "$HOME/../bin/$name"; done""",
            "mkdir below; cd below; touch here",
            "test -e here",
        )
    )
    assert result.status == "SUCCEEDED", log(result)


async def test_in_version_0_1_nothing_carries_over(room: Room) -> None:
    """ "In buildspec version 0.1, CodeBuild runs each command in a separate instance"."""
    result = await room.run(
        "version: 0.1\nphases:\n  build:\n    commands:\n"
        '      - export X=1 && cd /\n      - test -z "$X"\n'
        '      - test "$PWD" = "$CODEBUILD_SRC_DIR"\n'
    )
    assert result.status == "SUCCEEDED", log(result)


PHASES = """\
version: 0.2
phases:
  install:
    commands: ["echo in-install", "{install}"]
    finally: ["echo after-install"]
  pre_build:
    commands: ["echo in-pre", "{pre_build}"]
  build:
    on-failure: {rule}
    commands: ["echo in-build", "{build}", "echo not-reached"]
    finally: ["echo after-build", "{finally_}"]
  post_build:
    commands: ["echo in-post $CODEBUILD_BUILD_SUCCEEDING"]
artifacts:
  files: ['**/*']
"""


def phases(**given: str) -> str:
    commands = dict.fromkeys(("install", "pre_build", "build", "finally_"), "true")
    return PHASES.format(**{**commands, "rule": "", **given})


@pytest.mark.parametrize("phase", ["install", "pre_build"])
async def test_a_failure_before_build_ends_the_build(room: Room, phase: str) -> None:
    result = await room.run(phases(**{phase: "exit 7"}))
    found = statuses(result)
    assert result.status == "FAILED"
    assert found[phase.upper()] == "FAILED"
    assert "BUILD" not in found
    assert "UPLOAD_ARTIFACTS" not in found
    (failed,) = [each for each in result.build.phases if each.status == "FAILED"]
    assert failed.code == "COMMAND_EXECUTION_ERROR"
    assert failed.message == "Error while executing command: exit 7. Reason: exit status 7"
    if phase == "install":  # "executed even if a command in the commands block fails"
        assert "\nafter-install\n" in log(result)


async def test_post_build_and_upload_follow_a_failed_build(room: Room) -> None:
    """ "The UPLOAD_ARTIFACTS phase is always attempted, even if the BUILD phase fails."""
    (room.source / "x").touch()
    result = await room.run(phases(build="exit 1"))
    found, said = statuses(result), log(result)
    assert result.status == "FAILED"
    assert (found["BUILD"], found["POST_BUILD"], found["UPLOAD_ARTIFACTS"]) == (
        "FAILED",
        "SUCCEEDED",
        "SUCCEEDED",
    )
    assert "\nin-post 0\n" in said
    assert "\nafter-build\n" in said
    assert "\nnot-reached\n" not in said


async def test_a_failure_of_finally_fails_its_phase(room: Room) -> None:
    """ "If any command in a phase fails, the phase fails."""
    assert statuses(await room.run(phases(finally_="exit 3")))["BUILD"] == "FAILED"


async def test_abort_ends_the_build_at_once(room: Room) -> None:
    found = statuses(await room.run(phases(build="exit 1", rule="ABORT")))
    assert "POST_BUILD" not in found


async def test_continue_goes_on_with_the_next_phase(room: Room) -> None:
    text = phases(install="exit 1").replace(
        "  install:\n", "  install:\n    on-failure: CONTINUE\n"
    )
    (room.source / "x").touch()
    result = await room.run(text)
    assert statuses(result)["BUILD"] == "SUCCEEDED"
    assert "\nin-post 0\n" in log(result)
    assert result.status == "FAILED"


async def test_a_phase_is_retried_while_its_output_matches(room: Room) -> None:
    flaky = "echo x >>tries; if [ $(wc -l <tries) -lt 3 ]; then echo Connection reset; exit 1; fi"
    (room.source / "x").touch()
    result = await room.run(phases(build=flaky, rule="RETRY-5-Connection"))
    assert result.status == "SUCCEEDED", log(result)
    assert log(result).count("Retrying BUILD") == 2
    result = await room.run(phases(build=flaky, rule="RETRY-1-Connection"))
    assert result.status == "FAILED"
    assert log(result).count("Retrying BUILD") == 1
    result = await room.run(phases(build="exit 1", rule="RETRY-5-Connection"))
    assert "Retrying" not in log(result)


async def test_a_command_that_a_signal_ends_has_failed(room: Room) -> None:
    result = await room.run(spec("kill -9 $$"))
    assert "Reason: exit status 137" in result.error


async def test_what_runs_in_the_background_goes_on(room: Room) -> None:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-background-tasks.html"""
    result = await room.run(
        spec("(sleep 0.3; echo done >late) &", "until [ -e late ]; do sleep 0.05; done; cat late")
    )
    assert result.status == "SUCCEEDED", log(result)


async def test_an_entry_cannot_wait_for_input(room: Room) -> None:
    assert (await room.run(spec("! read line"))).status == "SUCCEEDED"


async def test_a_buildspec_that_is_missing_or_wrong_fails_the_download(room: Room) -> None:
    room.project("ci/buildspec.yaml")
    result = await room.run()
    assert result.status == "FAILED"
    assert result.error.startswith("DOWNLOAD_SOURCE: YAML_FILE_ERROR: stat ")
    assert result.error.endswith("/ci/buildspec.yaml: no such file or directory")
    room.project("../../../etc/passwd")
    assert "leads out of the source" in (await room.run()).error
    room.project("")
    (room.source / "buildspec.yml").write_text(spec("echo the default"), encoding="utf-8")
    result = await room.run()
    assert "\nthe default\n" in log(result)
    assert list(statuses(result)) == ALL
