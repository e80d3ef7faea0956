"""`bonkei logs`: which files, which lines, in order of time, in which form."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bonkei.cli.projects import all_of, make_project, run

TASK = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    logs = tmp_path / ".bonkei" / "logs"
    for name in ("app-web", "app-db"):
        (logs / name).mkdir(parents=True)
    (logs / "bonkei.log").write_text(
        "2026-01-01T10:00:01.000Z Ready\n2026-01-01T10:00:09.000Z error: stopping\n"
    )
    (logs / "app-web" / "web.log").write_text(
        f"2026-01-01T10:00:03.500Z {TASK} Traceback (most recent call last):\n"
        f"2026-01-01T10:00:03.500Z {TASK}   no end\n"
        f'2026-01-01T10:00:07.000Z {TASK} {{"level": "WARNING", "message": "製 \\u001b[2J"}}\n'
    )
    (logs / "app-web" / "web.log.1").write_text(f"2026-01-01T09:59:59.000Z {TASK} rotated\n")
    (logs / "app-db" / "postgresql.log").write_text(
        "2026-01-01 10:00:02 UTC::@:[1]:LOG:  ready\n"
        "2026-01-01 10:00:05 UTC::@:[1]:LOG:  busy\n\ta statement\n"
    )
    return tmp_path


def logs(root: Path, *arguments: str) -> list[str]:
    """The lines without labels, times and ids."""
    result = run(root, "logs", *arguments)
    assert result.exit_code == 0, result.output
    lines = [line.partition(" | ")[2] for line in result.stdout.splitlines()]
    return [line.partition("Z ")[2].removeprefix(f"{TASK[:8]} ") or line for line in lines]


EVERYTHING = [
    "rotated",
    "Ready",
    ":@:[1]:LOG:  ready",
    "Traceback (most recent call last):",
    "  no end",
    ":@:[1]:LOG:  busy",
    "\ta statement",
    "WARNING 製 \\x1b[2J",
    "error: stopping",
]


def test_all_logs_are_merged_by_time_and_cannot_control_the_terminal(root: Path) -> None:
    assert logs(root) == EVERYTHING


def test_the_last_lines(root: Path) -> None:
    assert logs(root, "-n", "2") == EVERYTHING[-2:]
    assert logs(root, "-n", "0") == []


def test_level_selects_records(root: Path) -> None:
    bad = ["Traceback (most recent call last):", "  no end", "error: stopping"]
    assert logs(root, "--level", "error") == bad
    assert logs(root, "--level", "WARNING", "-n", "2") == ["WARNING 製 \\x1b[2J", "error: stopping"]
    none = run(root, "logs", "--level", "FATAL")
    assert (none.exit_code, none.stdout, none.stderr) == (0, "", "no line matches\n")


def test_since_selects_records(root: Path) -> None:
    assert logs(root, "--since", "2026-01-01T10:00:05Z") == EVERYTHING[5:]
    assert logs(root, "--since", "2026-01-01T19:00:05+09:00", "-n", "1") == EVERYTHING[-1:]
    assert logs(root, "--since", "1h") == []
    wrong = run(root, "logs", "--since", "soon")
    assert wrong.exit_code == 2
    assert "10m" in wrong.stderr


def test_raw_prints_the_written_bytes(root: Path) -> None:
    result = run(root, "logs", "web", "--raw", "-n", "2")
    assert result.stdout.splitlines() == [
        "  no end",
        '{"level": "WARNING", "message": "製 \\u001b[2J"}',
    ]


def test_json_has_one_object_a_line(root: Path) -> None:
    shown = run(root, "logs", "--json").stdout
    made = [json.loads(line) for line in shown.splitlines()]
    assert [one["time"] for one in made] == sorted(one["time"] for one in made)
    assert made[-2] == {
        "time": "2026-01-01T10:00:07.000Z",
        "log": "app-web/web",
        "task": TASK,
        "level": "WARNING",
        "message": "製 \x1b[2J",
        "request_id": "",
        "exception": "",
        "record": {"level": "WARNING", "message": "製 \x1b[2J"},
        "text": '{"level": "WARNING", "message": "製 \\u001b[2J"}',
    }


@pytest.mark.parametrize("form", [[], ["--raw"], ["--json"]])
def test_the_output_cannot_control_a_terminal(root: Path, form: list[str]) -> None:
    log = root / ".bonkei" / "logs" / "app-web" / "web.log"
    hostile = "\x1b]0;x\x07 \x9b2J \u202e"
    text = json.dumps({"level": "INFO", "message": hostile})
    log.write_text(f"2026-01-01T10:00:03.500Z {TASK} {hostile}\n"
                   f"2026-01-01T10:00:03.600Z {TASK} {text}\n")  # fmt: skip
    screen, terminal = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "bonkei", "--config", str(root / "bonkei.toml"), "logs", *form],
        env={key: value for key, value in os.environ.items() if key != "BONKEI_HOME"}
        | {"NO_COLOR": "1"},
        stdout=terminal,
        check=True,
    )
    os.close(terminal)
    shown = all_of(screen).decode()
    assert "2J" in shown
    assert [c for c in shown if not c.isprintable() and c not in "\r\n\t"] == []


@pytest.mark.parametrize("name", ["bonkei", "web", "app-web", "db"])
def test_the_log_of_one_service(root: Path, name: str) -> None:
    assert logs(root, name)


def test_an_unknown_service_is_reported_with_the_known_ones(root: Path) -> None:
    result = run(root, "logs", "nobody")
    assert "nothing named nobody has logs" in str(result.exception)


def test_a_negative_number_of_lines_is_refused(root: Path) -> None:
    result = run(root, "logs", "--lines", "-3")
    assert result.exit_code == 2
    assert "--lines" in result.output


def test_new_lines_are_followed(root: Path) -> None:
    log = root / ".bonkei" / "logs" / "app-web" / "web.log"
    command = [sys.executable, "-m", "bonkei", "--config", str(root / "bonkei.toml")]
    with subprocess.Popen(
        [*command, "logs", "web", "-f", "-n", "1", "--level", "WARNING"],
        env={key: value for key, value in os.environ.items() if key != "BONKEI_HOME"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "WARNING 製" in process.stdout.readline()
        with log.open("a") as file:
            file.write(f"2026-01-01T10:01:00.000Z {TASK} quiet\n")
            file.write(f'2026-01-01T10:01:01.000Z {TASK} {{"level": "ERROR", "msg": "new"}}\n')
        assert "ERROR   new" in process.stdout.readline()
        process.terminate()


def test_a_databases_message_has_the_request_of_its_statement(root: Path) -> None:
    """PostgreSQL writes an error, its details and its statement in one piece."""
    (root / ".bonkei" / "logs" / "app-db" / "postgresql.log").write_text(
        "2026-01-01 10:00:01 UTC::app@db:[7]:ERROR:  of another request\n"
        "2026-01-01 10:00:01 UTC::app@db:[7]:STATEMENT:  /*request_id='r-2'*/ SELECT 2\n"
        "2026-01-01 10:00:02 UTC::app@db:[8]:ERROR:  division by zero\n"
        "2026-01-01 10:00:02 UTC::app@db:[8]:STATEMENT:  /*request_id='r-1'*/ SELECT 1\n"
        "\tFROM a\n"
        "2026-01-01 10:00:03 UTC::@:[1]:LOG:  checkpoint starting: time\n"
        "2026-01-01 10:00:04 UTC::app@db:[8]:LOG:  duration: 1200.000 ms  execute x: "
        "/*traceparent='t',request_id='r-1'*/ SELECT 3\n"
    )
    found = run(root, "logs", "--request", "r-1", "--json")
    texts = [json.loads(line)["text"] for line in found.stdout.splitlines()]
    assert [text.partition("]:")[2] or text for text in texts] == [
        "ERROR:  division by zero",
        "STATEMENT:  /*request_id='r-1'*/ SELECT 1",
        "\tFROM a",
        "LOG:  duration: 1200.000 ms  execute x: /*traceparent='t',request_id='r-1'*/ SELECT 3",
    ]
