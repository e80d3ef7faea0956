"""All source files are in the repository: .gitignore hides none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("bench", "bonkei", "environment", "infrastructure", "program", "scripts", "tests")
OF_A_REAL_ENVIRONMENT = {"infrastructure/terraform.tfvars"}


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(),
    reason="needs git and a clone: `git clone` instead of an archive",
)
def test_no_source_file_is_ignored() -> None:
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", *SOURCES]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    generated = ("__pycache__", ".terraform", ".hypothesis", ".egg-info", "_cache/")
    hidden = [
        path
        for path in listed.splitlines()
        if not any(each in path for each in generated) and path not in OF_A_REAL_ENVIRONMENT
    ]
    assert hidden == []
