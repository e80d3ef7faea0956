"""`bonkei logs`: which files, and their lines in order of time."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bonkei.cli import bonkei


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "infrastructure").mkdir()
    (tmp_path / "bonkei.toml").write_text("", encoding="utf-8")
    logs = tmp_path / ".bonkei" / "logs"
    for name in ("app-web", "app-db"):
        (logs / name).mkdir(parents=True)
    (logs / "bonkei.log").write_text(
        "2026-01-01T10:00:01.000Z Ready\n2026-01-01T10:00:09.000Z Stopping\n"
    )
    (logs / "app-web" / "web.log").write_text(
        "2026-01-01T10:00:03.500Z 0f Traceback:\n  no time here\n2026-01-01T10:00:07.000Z 0f on\n"
    )
    (logs / "app-db" / "postgresql.log").write_text(
        "2026-01-01 10:00:02 UTC::LOG: ready\n2026-01-01 10:00:05 UTC::LOG: busy\n\ta statement\n"
    )
    return tmp_path


def logs(root: Path, *arguments: str) -> list[str]:
    command = ["--config", str(root / "bonkei.toml"), "logs", *arguments]
    result = CliRunner().invoke(bonkei, command, env={"BONKEI_HOME": None})
    assert result.exit_code == 0, result.output
    return [line.partition(" | ")[2].split("Z ")[-1] for line in result.output.splitlines()]


def test_all_together_are_in_order_of_time(root: Path) -> None:
    assert logs(root) == [
        "Ready",
        "2026-01-01 10:00:02 UTC::LOG: ready",
        "0f Traceback:",
        "  no time here",
        "2026-01-01 10:00:05 UTC::LOG: busy",
        "\ta statement",
        "0f on",
        "Stopping",
    ]


def test_the_last_lines(root: Path) -> None:
    assert logs(root, "-n", "2") == ["0f on", "Stopping"]
    assert logs(root, "-n", "0") == []


@pytest.mark.parametrize("name", ["bonkei", "web", "app-web", "db"])
def test_one_of_them(root: Path, name: str) -> None:
    assert logs(root, name)


def test_fewer_than_no_lines_is_refused(root: Path) -> None:
    command = ["--config", str(root / "bonkei.toml"), "logs", "--lines", "-3"]
    result = CliRunner().invoke(bonkei, command, env={"BONKEI_HOME": None})
    assert result.exit_code == 2
    assert "--lines" in result.output
