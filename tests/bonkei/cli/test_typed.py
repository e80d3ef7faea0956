"""Commands in messages work in the reader's folder and with the reader's PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bonkei.cli.program import bonkei
from bonkei.cli.typed import program, replace

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see it with `bonkei status`, or bonkei down", "see it with `X status`, or X down"),
        ("see `bonkei logs bonkei`", "see `X logs bonkei`"),
        ("bonkei --config PATH up", "X --config PATH up"),
        (".venv/bin/bonkei up", ".venv/bin/bonkei up"),
        ("what bonkei upsets, and Bonkei up there", "what bonkei upsets, and Bonkei up there"),
    ],
)
def test_only_commands_are_replaced(text: str, expected: str) -> None:
    assert replace(text, "X", bonkei.commands) == expected


def test_a_command_is_printed_as_the_reader_can_run_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir(BIN.parents[1])
    assert program() == os.path.relpath(BIN / "bonkei")
    monkeypatch.chdir(tmp_path)
    assert program() == str(BIN / "bonkei")
    monkeypatch.setenv("PATH", f"{BIN}:/usr/bin")
    assert program() == "bonkei"


def test_the_command_in_a_message_runs(tmp_path: Path) -> None:
    (tmp_path / "bonkei.toml").touch()
    (tmp_path / "infrastructure").mkdir()
    (tmp_path / "infrastructure" / "main.tf").touch()
    environment = {**os.environ, "PATH": "/usr/bin:/bin", "BONKEI_HOME": ".bonkei"}
    asked = subprocess.run(
        [BIN / "bonkei", "status"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = asked.stderr.partition("`")[2].partition("`")[0]
    assert told.endswith("bonkei up")
    helped = subprocess.run(
        ["sh", "-c", f"{told} --help"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (helped.returncode, helped.stderr) == (0, "")
