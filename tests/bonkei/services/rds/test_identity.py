"""The id of a home: random, the same after a move and a reset, and another one for a copy."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.identity import FILE, home_id
from bonkei.services.rds.place import delete_data


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_two_homes_of_one_place_are_different_ones(home: Path) -> None:
    first = home_id(home)
    assert home_id(home) == first
    shutil.rmtree(home)
    assert home_id(home) != first


def test_an_id_outlives_a_move_and_a_reset(home: Path, tmp_path: Path) -> None:
    made = home_id(home)
    moved = home.rename(tmp_path / "moved")
    assert home_id(moved) == made
    (moved / "database" / "main").mkdir()
    (moved / "database" / "location").touch()
    delete_data(moved)
    assert [each.name for each in (moved / "database").iterdir()] == [FILE.name]
    assert home_id(moved) == made


def test_a_copy_is_another_home_while_the_original_is_there(home: Path, tmp_path: Path) -> None:
    made = home_id(home)
    copy = Path(shutil.copytree(home, tmp_path / "copy"))
    backup = Path(shutil.copytree(home, tmp_path / "backup"))
    assert home_id(copy) != made
    assert home_id(home) == made
    shutil.rmtree(home)
    assert home_id(backup) == made, "it takes the place of the lost one"


def test_a_new_home_at_the_place_of_a_moved_one_is_another(home: Path, tmp_path: Path) -> None:
    made = home_id(home)
    moved = home.rename(tmp_path / "moved")
    assert home_id(home) != made
    assert home_id(moved) == made


def test_a_link_to_a_home_is_the_home(home: Path, tmp_path: Path) -> None:
    made = home_id(home)
    (tmp_path / "link").symlink_to(home)
    assert home_id(tmp_path / "link") == made


def test_the_id_of_an_earlier_version_stays(home: Path) -> None:
    """It was made of the machine's name, the user and the place, and stood alone."""
    (home / "database").mkdir(parents=True)
    (home / FILE).write_text("0123456789abcdef\n")
    assert home_id(home) == "0123456789abcdef"
    assert (home / FILE).read_text() == f"0123456789abcdef\n{home}\n"


@pytest.mark.parametrize("text", ["", "\n", "not an id\n", "0123456789abcdef0\n", "\xff\n"])
def test_a_damaged_id_is_named_and_stays(home: Path, text: str) -> None:
    """With another id, what this home has on the server would be another home's."""
    (home / "database").mkdir(parents=True)
    (home / FILE).write_text(text, encoding="latin-1")
    with pytest.raises(DatabaseError, match=re.escape(f"{home / FILE} is damaged")) as raised:
        home_id(home)
    assert "put back" in raised.value.remedy
    assert (home / FILE).read_text(encoding="latin-1") == text


def test_a_link_in_place_of_the_databases_is_removed_and_not_followed(
    home: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    made = home_id(other)
    home.mkdir()
    (home / "database").symlink_to(other / "database")
    delete_data(home)
    assert not (home / "database").is_symlink()
    assert home_id(other) == made
