"""`bonkei reset` and `bonkei up` on directories that are not a home."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bonkei.base.errors import BonkeiError
from bonkei.cli.program import bonkei
from bonkei.config import WORKSPACES
from bonkei.miniature import asking
from bonkei.miniature.home import MARKER, Home
from bonkei.services.rds.identity import home_id
from tests.bonkei.cli.projects import make_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path / "user" / "project")


def run(root: Path, home: Path, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(
        bonkei,
        ["--config", str(root / "bonkei.toml"), *arguments],
        input=typed,
        env={"BONKEI_HOME": str(home), "HOME": str(root.parent)},
    )


def test_reset_removes_nothing_of_a_directory_that_is_not_a_home(
    root: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    for command in (("reset", "--yes"), ("up",), ("up", "--detach"), ("validate",)):
        result = run(root, other, *command)
        assert isinstance(result.exception, BonkeiError), command
    assert [path.name for path in other.iterdir()] == ["letter.txt"]


def test_a_system_directory_is_not_a_home_even_with_a_marker(root: Path) -> None:
    for place in (root, root.parent, root.parent.parent):
        (place / MARKER).write_text("Bonkei home: by mistake\n")
        result = run(root, place, "reset", "--yes")
        assert isinstance(result.exception, BonkeiError)
        assert "BONKEI_HOME" in result.exception.message
    assert (root / "bonkei.toml").exists()


def test_reset_asks_first_and_follows_the_answer(root: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    declined = run(root, home.path, "reset", typed="n\n")
    assert (declined.exit_code, declined.output.splitlines()[-1]) == (1, "nothing is removed")
    assert home.path.is_dir()
    agreed = run(root, home.path, "reset", typed="y\n")
    assert agreed.exit_code == 0, agreed.output
    assert not home.path.exists()
    assert "nothing to remove" in run(root, home.path, "reset").output


def test_reset_says_that_the_id_on_a_server_stays(root: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    home_id(home.path)
    said = run(root, home.path, "reset", "--yes").output
    assert "its id stays, for the server of BONKEI_DATABASE_URL, which is unchanged" in said


def test_files_that_are_not_ours_are_listed(root: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    (home.path / "notes.txt").touch()
    assert "not Bonkei's: notes.txt" in run(root, home.path, "reset", "--yes").output
    assert (home.path / "notes.txt").exists()


def test_down_needs_nothing_that_the_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a branch without a program. The workspace counts, since the home depends on it."""
    project = make_project(tmp_path / "project")
    (project / "bonkei.toml").write_text(
        'definitions = "nowhere"\nworkspace = "trial"\n[containers.web]\ndirectory = "gone"\n'
    )
    stopped: list[Home] = []
    monkeypatch.setattr(asking, "stop", stopped.append)
    assert run(project, tmp_path / "home", "down").output == "stopped\n"
    assert stopped[0].path == tmp_path / "home" / WORKSPACES / "trial"
