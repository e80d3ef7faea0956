"""The `.gitconfig` of a build with `git-credential-helper: yes`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bonkei.services.codebuild.variables import git_settings

_URL = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app"
_AWS = """#!/bin/sh
echo "$@" >> "$HOME/calls"
echo username=role
echo password=secret
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".gitconfig").write_text(git_settings("eu-west-1", "http://127.0.0.1:1"))
    (tmp_path / "aws").write_text(_AWS)
    (tmp_path / "aws").chmod(0o755)
    return tmp_path


def credential(home: Path, action: str, given: str) -> str:
    path = os.pathsep.join((str(home), os.environ["PATH"]))
    return subprocess.run(
        ["git", "credential", action], input=given, check=True, capture_output=True, text=True,
        env={"HOME": str(home), "PATH": path, "GIT_TERMINAL_PROMPT": "0"},
    ).stdout  # fmt: skip


def test_git_asks_aws_for_a_password_and_for_nothing_else(home: Path) -> None:
    """Its `store` and `erase` know no --ignore-host-check, and would complain in the log."""
    found = credential(home, "fill", "url=http://127.0.0.1:1/v1/repos/app\n\n")
    assert "password=secret" in found
    credential(home, "approve", found)
    credential(home, "reject", found)
    calls = (home / "calls").read_text().splitlines()
    assert calls == ["codecommit credential-helper get --ignore-host-check"]


def test_the_name_of_codecommit_leads_to_the_miniature(home: Path) -> None:
    asked = subprocess.run(
        ["git", "ls-remote", "--get-url", _URL], check=True, capture_output=True, text=True,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert asked.stdout == "http://127.0.0.1:1/v1/repos/app\n"
