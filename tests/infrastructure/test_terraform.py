"""Terraform's own tests of the modules, and its format."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluations import INFRASTRUCTURE, put_initialized

from bonkei.definitions.terraform.workspace import Workspace


def test_the_definitions_are_formatted(tmp_path: Path) -> None:
    assert Workspace(INFRASTRUCTURE, tmp_path / "home", []).fmt(check=True) == []


@pytest.mark.timeout(600)  # eighty runs, each with at least one plan
def test_terraform_test_passes(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    put_initialized(tmp_path / "home", INFRASTRUCTURE, tmp_path_factory)
    lines: list[str] = []
    found = Workspace(INFRASTRUCTURE, tmp_path / "home", []).test(report=lines.append)
    assert found.passed, "\n".join(lines)
