"""`bonkei apply` and its provider import nothing of the running miniature: they start often."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.bonkei.cli.projects import make_project

MAIN = """\
provider "aws" { region = "us-east-1" }
resource "aws_vpc" "x" { cidr_block = "10.0.0.0/16" }
"""


def test_an_apply_imports_only_what_it_needs(tmp_path: Path) -> None:
    root = make_project(tmp_path, MAIN)
    environment = {name: each for name, each in os.environ.items() if name != "BONKEI_HOME"}
    applied = subprocess.run(
        [sys.executable, "-m", "bonkei", "--config", str(root / "bonkei.toml"), "apply"],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "PYTHONPROFILEIMPORTTIME": "1"},
    )
    command = _imported(applied.stderr)
    provider = _imported((root / ".bonkei" / "terraform" / "provider.log").read_text())
    assert "bonkei.definitions.terraform.session" in command
    assert "bonkei.definitions.provider.plugin.server" in provider
    unwanted = {"bonkei.blueprint.model", "bonkei.miniature.supervisor", "aiohttp", "psycopg"}
    assert not unwanted & (command | provider)


def _imported(log: str) -> set[str]:
    """The modules in the log of Python's -X importtime."""
    lines = (line for line in log.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}
