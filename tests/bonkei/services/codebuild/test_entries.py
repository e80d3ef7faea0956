"""Entries and phases of a build, run as CodeBuild runs them.

"Build specification reference": each entry runs in its order; and "Build phase transitions",
https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
"""

from __future__ import annotations

import json

import pytest
from builds import Rig, log, spec, statuses

from bonkei.services.codebuild.course import failure_message

ALL = [
    *("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"),
    *("BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"),
]


async def test_a_build_goes_through_its_phases(rig: Rig) -> None:
    (rig.source / "given.txt").write_text("content\n", encoding="utf-8")
    result = await rig.run(spec("cat given.txt", 'test "$PWD" = "$CODEBUILD_SRC_DIR"'))
    assert result.status == "SUCCEEDED", log(result)
    assert list(statuses(result)) == ALL
    assert set(statuses(result).values()) == {"SUCCEEDED", ""}  # COMPLETED has no duration
    assert "Running command cat given.txt\ncontent\n" in log(result)
    # The build's folder is deleted, and its input is unchanged.
    assert list((rig.world.directory / "builds" / "runs").iterdir()) == []
    assert [file.name for file in rig.source.iterdir()] == ["given.txt"]


async def test_variables_and_the_folder_carry_over_and_options_do_not(rig: Rig) -> None:
    """ "variables and the working directory carry over, `set -e` does not"."""
    result = await rig.run(
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
async def test_both_shells_pass_unusual_values_on(rig: Rig, shell: str) -> None:
    result = await rig.run(
        spec(
            "A='$(rm -rf x) `y` \"z\" \\'",
            "test ${#A} = 21 || { echo ${#A}; exit 1; }",
            shell=shell,
        )
    )
    assert result.status == "SUCCEEDED", log(result)


async def test_a_build_may_have_commands_of_its_own(rig: Rig) -> None:
    """Those around its entries are the shell's."""
    result = await rig.run(
        spec(
            """for name in cat pwd; do ln -s "$(type -P false)" "$HOME/../bin/$name"; done""",
            "mkdir below; cd below; touch here",
            "test -e here",
        )
    )
    assert result.status == "SUCCEEDED", log(result)


async def test_in_version_0_1_nothing_carries_over(rig: Rig) -> None:
    """ "In buildspec version 0.1, CodeBuild runs each command in a separate instance"."""
    result = await rig.run(
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
async def test_a_failure_before_build_ends_the_build(rig: Rig, phase: str) -> None:
    result = await rig.run(phases(**{phase: "exit 7"}))
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


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        ("error: one\nerror: the last\nmake: *** [all] Error 1", ": error: the last"),
        ("Traceback:\n  File a.py\nValueError: no plan", ": ValueError: no plan"),
        (
            'Traceback:\n  File "/src/plan.py", line 3, in plan\nValueError: no plan\nmake: no',
            ": ValueError: no plan, /src/plan.py:3",
        ),
        (
            "\x1b[31m│\x1b[0m \x1b[1mError: Saved plan is stale\n│ Run.",
            ": Error: Saved plan is stale",
        ),
        ("a.c:3:1: error: expected x\n1 generated.", ": a.c:3:1: error: expected x"),
        ("0 errors", ""),
    ],
)
def test_a_failure_ends_with_the_last_error_that_was_printed(printed: str, cause: str) -> None:
    message = failure_message("make", 2, printed)
    assert message == f"Error while executing command: make. Reason: exit status 2{cause}"


async def test_the_cause_of_a_failed_command_is_in_the_builds_error(rig: Rig) -> None:
    command = "sh -c 'echo error: no such plan; exit 3'"
    given = {"version": 0.2, "phases": {"build": {"commands": [command]}}}
    result = await rig.run(json.dumps(given))
    assert result.error.endswith("Reason: exit status 3: error: no such plan")


async def test_post_build_and_upload_follow_a_failed_build(rig: Rig) -> None:
    """ "The UPLOAD_ARTIFACTS phase is always attempted, even if the BUILD phase fails."""
    (rig.source / "x").touch()
    result = await rig.run(phases(build="exit 1"))
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


async def test_a_failure_of_finally_fails_its_phase(rig: Rig) -> None:
    """ "If any command in a phase fails, the phase fails."""
    assert statuses(await rig.run(phases(finally_="exit 3")))["BUILD"] == "FAILED"


async def test_abort_ends_the_build_at_once(rig: Rig) -> None:
    found = statuses(await rig.run(phases(build="exit 1", rule="ABORT")))
    assert "POST_BUILD" not in found


async def test_continue_goes_on_with_the_next_phase(rig: Rig) -> None:
    text = phases(install="exit 1").replace(
        "  install:\n", "  install:\n    on-failure: CONTINUE\n"
    )
    (rig.source / "x").touch()
    result = await rig.run(text)
    assert statuses(result)["BUILD"] == "SUCCEEDED"
    assert "\nin-post 0\n" in log(result)
    assert result.status == "FAILED"


async def test_a_phase_is_retried_while_its_output_matches(rig: Rig) -> None:
    flaky = "echo x >>tries; if [ $(wc -l <tries) -lt 3 ]; then echo Connection reset; exit 1; fi"
    (rig.source / "x").touch()
    result = await rig.run(phases(build=flaky, rule="RETRY-5-Connection"))
    assert result.status == "SUCCEEDED", log(result)
    assert log(result).count("Retrying BUILD") == 2
    result = await rig.run(phases(build=flaky, rule="RETRY-1-Connection"))
    assert result.status == "FAILED"
    assert log(result).count("Retrying BUILD") == 1
    result = await rig.run(phases(build="exit 1", rule="RETRY-5-Connection"))
    assert "Retrying" not in log(result)


async def test_a_command_that_a_signal_ends_has_failed(rig: Rig) -> None:
    result = await rig.run(spec("kill -9 $$"))
    assert "Reason: exit status 137" in result.error


async def test_what_runs_in_the_background_goes_on(rig: Rig) -> None:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-background-tasks.html"""
    result = await rig.run(
        spec("(sleep 0.3; echo done >late) &", "until [ -e late ]; do sleep 0.05; done; cat late")
    )
    assert result.status == "SUCCEEDED", log(result)


async def test_an_entry_cannot_wait_for_input(rig: Rig) -> None:
    assert (await rig.run(spec("! read line"))).status == "SUCCEEDED"


async def test_a_buildspec_that_is_missing_or_wrong_fails_the_download(rig: Rig) -> None:
    rig.project("ci/buildspec.yaml")
    result = await rig.run()
    assert result.status == "FAILED"
    assert result.error.startswith("DOWNLOAD_SOURCE: YAML_FILE_ERROR: stat ")
    assert result.error.endswith("/ci/buildspec.yaml: no such file or directory")
    rig.project("../../../etc/passwd")
    assert "leads out of the source" in (await rig.run()).error
    rig.project("")
    (rig.source / "buildspec.yml").write_text(spec("echo the default"), encoding="utf-8")
    result = await rig.run()
    assert "\nthe default\n" in log(result)
    assert list(statuses(result)) == ALL
