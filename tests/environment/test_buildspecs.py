"""Every buildspec is what CodeBuild takes: a list of commands, each of them text."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

BUILDSPECS = sorted((Path(__file__).resolve().parents[2] / "environment/buildspecs").glob("*.yaml"))


@pytest.mark.parametrize("file", BUILDSPECS, ids=lambda file: str(file.stem))
def test_a_command_with_a_colon_in_it_is_still_text(file: Path) -> None:
    spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    found = [command for phase in spec["phases"].values() for command in phase["commands"]]
    assert found
    assert [command for command in found if not isinstance(command, str)] == []
