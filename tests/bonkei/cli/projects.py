"""A project with definitions, and commands that run in it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from click.testing import CliRunner, Result

from bonkei.cli.program import bonkei


def make_project(root: Path, definitions: str = "") -> Path:
    (root / "infrastructure").mkdir(parents=True)
    (root / "infrastructure" / "main.tf").write_text(definitions, encoding="utf-8")
    (root / "bonkei.toml").write_text("", encoding="utf-8")
    return root


def run(root: Path, *arguments: str) -> Result:
    """Run a command with the project's own home, whatever the environment has."""
    command = ["--config", str(root / "bonkei.toml"), *arguments]
    return CliRunner().invoke(bonkei, command, env={"BONKEI_HOME": None})


def all_of(screen: int) -> bytes:
    """What has been written to a terminal that no program has open any more. It is closed."""
    shown = b""
    with os.fdopen(screen, "rb", buffering=0) as reading:
        try:
            while piece := reading.read(65_536):
                shown += piece
        except OSError as error:  # Linux: the other side is closed
            if error.errno != errno.EIO:
                raise
    return shown
