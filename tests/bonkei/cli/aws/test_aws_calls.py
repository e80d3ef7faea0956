"""`bonkei aws calls`: which calls it prints, and how it follows the file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from bonkei.base.errors import BonkeiError
from bonkei.services.endpoint.calls.record import KEPT, CallLog, Record
from tests.bonkei.cli.projects import make_project, run

TASK = "arn:aws:iam::123456789012:role/task"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture
def calls(root: Path) -> CallLog:
    log = CallLog(root / ".bonkei" / "cloud" / "calls.jsonl")
    log.open()
    return log


def call(operation: str, role: str = "") -> Record:
    return Record(1.0, "arn:aws:iam::123456789012:user/u", role, "sqs", operation, 200, "", 1.0, "")


def operations(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["operation"] for line in result.stdout.splitlines()]


def test_options_may_follow_the_word(root: Path, calls: CallLog) -> None:
    calls.add(call("One", TASK))
    calls.add(call("Two"))
    assert operations(run(root, "aws", "calls", "--json")) == ["One", "Two"]
    assert operations(run(root, "aws", "--json", "calls", "--role", "task")) == ["One"]
    assert run(root, "aws", "calls", "more").exit_code == 2


def test_a_roles_calls_are_found_among_many_others(root: Path, calls: CallLog) -> None:
    calls.add(call("One", TASK))
    for number in range(120):
        calls.add(call(str(number)))
    assert operations(run(root, "aws", "calls", "--json", "--role", TASK)) == ["One"]
    assert operations(run(root, "aws", "calls", "--json")) == [
        str(number) for number in range(20, 120)
    ]


def test_a_role_is_found_by_the_end_of_its_name(root: Path, calls: CallLog) -> None:
    calls.add(call("One", "arn:aws:iam::123456789012:role/shop-backend-task"))
    calls.add(call("Two", "arn:aws:iam::123456789012:role/shop-migrate-task"))
    assert operations(run(root, "aws", "calls", "--json", "--role", "backend-task")) == ["One"]
    several = run(root, "aws", "calls", "--role", "task")
    assert isinstance(several.exception, BonkeiError)
    assert several.exception.message == (
        "`task` may be one of shop-backend-task, shop-migrate-task"
    )


def test_without_arguments_it_prints_an_example(root: Path) -> None:
    result = run(root, "aws")
    assert (result.exit_code, "bonkei aws -- s3 ls" in result.stderr) == (2, True)
    assert run(root, "aws", "--help").exit_code == 0


def test_a_roles_calls_are_found_in_one_look_at_the_file(
    root: Path, calls: CallLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.add(call("One", TASK))
    calls.flush()
    opened, opens = [], Path.open

    def counted(path: Path, *given: Any, **named: Any) -> Any:
        opened.append(path.name)
        return opens(path, *given, **named)

    monkeypatch.setattr(Path, "open", counted)
    assert operations(run(root, "aws", "calls", "--json", "--role", "task")) == ["One"]
    assert opened.count("calls.jsonl") == 1


def test_a_call_is_printed_with_its_resource(root: Path, calls: CallLog) -> None:
    calls.add(replace(call("SendMessage"), resource="http://q"))
    assert "sqs:SendMessage http://q  user/u" in run(root, "aws", "calls").stdout


def test_a_line_that_a_full_disk_has_cut_is_left_out(root: Path, calls: CallLog) -> None:
    calls.add(call("One"))
    file = root / ".bonkei" / "cloud" / "calls.jsonl"
    with file.open("a") as log:
        log.write(call("Two").line()[:40])
    calls.add(call("Three"))  # in a line of its own
    calls.add(call("Four"))
    assert operations(run(root, "aws", "calls", "--json")) == ["One", "Three", "Four"]
    assert run(root, "aws", "calls").exit_code == 0


def test_a_call_cannot_control_the_terminal(root: Path, calls: CallLog) -> None:
    calls.add(call("Evil\x9b2J\x1b[2J"))
    assert "Evil\\x9b2J\\x1b[2J" in run(root, "aws", "calls").stdout


def test_an_empty_list_of_calls_is_reported(root: Path, calls: CallLog) -> None:
    assert run(root, "aws", "calls").stderr == "no calls yet\n"
    calls.add(call("One"))
    unknown = run(root, "aws", "calls", "--role", "task")
    assert isinstance(unknown.exception, BonkeiError)
    assert unknown.exception.message == "the definitions have no role task"
    assert unknown.exception.remedy == "apply it first: `bonkei apply`"
    person = "AWSReservedSSO_Operator_0123456789abcdef"  # no definitions declare it
    assert run(root, "aws", "calls", "--role", person).stderr == "this role has made no call\n"


def test_an_unknown_role_is_an_error_that_names_the_known_ones(root: Path, calls: CallLog) -> None:
    calls.add(call("One", TASK))
    calls.flush()
    for more in ((), ("--follow",)):
        unknown = run(root, "aws", "calls", "--role", "tsk", *more)
        assert isinstance(unknown.exception, BonkeiError)
        assert unknown.exception.remedy == "there are: task"


@pytest.fixture
def following(root: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bonkei", "--config", str(root / "bonkei.toml")]
    with subprocess.Popen(
        [*command, "aws", "calls", "-f", "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_following_starts_at_the_first_call_and_survives_a_shortened_file(
    root: Path, calls: CallLog, following: subprocess.Popen[str]
) -> None:
    assert following.stdout
    calls.add(call("0"))
    assert json.loads(following.stdout.readline())["operation"] == "0"
    with (root / ".bonkei" / "cloud" / "calls.jsonl").open("a", encoding="utf-8") as file:
        whole = call("half").line() + "\n"
        file.write(whole[:9])
        file.flush()
        file.write(whole[9:])
    assert json.loads(following.stdout.readline())["operation"] == "half"
    # Some at a time: the file is shortened once, and a slow reader would miss what it then loses.
    for first in range(0, 2 * KEPT, KEPT // 4):
        numbers = range(first, first + KEPT // 4)
        for number in numbers:
            calls.add(call(f"later-{number}"))
        for number in numbers:
            assert json.loads(following.stdout.readline())["operation"] == f"later-{number}"
    following.send_signal(signal.SIGINT)
    assert following.wait(60) == 0
