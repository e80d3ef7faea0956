"""A file for results is refused before minutes of work, and not after them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bonkei import cli
from bonkei.cli.program import bonkei

DRILL = "drills/a-task-dies.toml"


@pytest.mark.parametrize(
    "words", [("alarm", "rehearse", "--all"), ("fault", "drill", DRILL), ("check",)]
)
def test_a_result_in_a_folder_that_is_missing(words: tuple[str, ...], tmp_path: Path) -> None:
    root = Path(cli.__file__).parents[2]
    given = [str(root / word) if word == DRILL else word for word in words]
    missing = tmp_path / "nowhere"
    answer = CliRunner().invoke(bonkei, [*given, "--junit", str(missing / "result.xml")])
    assert (answer.exit_code, f"there is no folder {missing}" in answer.output) == (2, True)
