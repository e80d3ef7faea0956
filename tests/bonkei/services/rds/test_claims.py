"""As root, a home has its own data only: not that of a home before it, nor that of its copy."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from bonkei.base.vault import MemoryVault
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.place import delete_data, find_place

from .conftest import cluster, connect

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has data outside the home")
NOTE = ".home"


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the directories are, for tests without a server: nothing outside is left behind."""
    directory = tmp_path / "shared"
    directory.mkdir()
    monkeypatch.setattr("bonkei.services.rds.claims._SHARED", directory)
    return directory


def filled(home: Path) -> Path:
    root = find_place(home).root
    (root / "main").mkdir()
    (root / "main" / "rows").write_text("precious")
    return root


def is_whole(root: Path) -> bool:
    return (root / "main" / "rows").read_text() == "precious"


def of_an_earlier_version(home: Path) -> Path:
    """The directory had the name of the home's path, and no note."""
    root = filled(home)
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    named = root.rename(root.with_name(f"bonkei-{digest}"))
    (named / NOTE).unlink()
    (home / "database" / "location").write_text(f"{named}\n")
    return named


async def test_a_new_home_at_the_path_of_a_removed_one_has_a_database_of_its_own(make, home):
    first, second = cluster(), cluster()
    before = make(first, vault=(old := MemoryVault()))
    await before.start()
    with connect(old, first.port) as connection:
        connection.execute("CREATE TABLE administrators (password text)")
    await before.stop()
    root = find_place(home).root

    shutil.rmtree(home)
    after = make(second, vault=(new := MemoryVault()))
    await after.start()

    with connect(new, second.port) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM administrators")
    assert (root / "main" / "data" / "PG_VERSION").is_file()
    (said,) = [each for each in after.others if str(root) in each]
    assert f"{root} keeps the database of an earlier home at this path" in said
    assert f"rm -r {root}" in said

    await after.stop()
    delete_data(home)
    assert (root / "main" / "data" / "PG_VERSION").is_file()
    shutil.rmtree(root)


@pytest.mark.usefixtures("shared")
def test_a_copy_begins_empty_and_its_reset_leaves_the_data_of_the_original(home, tmp_path):
    root = filled(home)
    copy = Path(shutil.copytree(home, tmp_path / "copy"))
    place = find_place(copy)
    assert place.root != root
    (said,) = place.notes
    assert said == (
        f"this home is a copy of {home}, whose data stays in {root}; here the database began empty"
    )
    assert find_place(home).root == root
    delete_data(copy)
    assert is_whole(root)


@pytest.mark.usefixtures("shared")
def test_the_reset_of_a_copy_that_never_ran_leaves_the_data_of_the_original(home, tmp_path):
    root = filled(home)
    delete_data(Path(shutil.copytree(home, tmp_path / "copy")))
    assert is_whole(root)
    assert find_place(home).root == root


@pytest.mark.usefixtures("shared")
def test_a_moved_home_keeps_its_data_and_the_next_one_at_its_path_does_not_get_it(home, tmp_path):
    root = filled(home)
    moved = home.rename(tmp_path / "moved")
    next_one = find_place(home)
    assert next_one.root != root
    assert find_place(moved).root == root
    assert is_whole(root)
    assert find_place(home).root == next_one.root
    delete_data(moved)
    assert not root.exists()
    assert next_one.root.exists()


@pytest.mark.usefixtures("shared")
def test_a_home_of_an_earlier_version_keeps_its_data(home):
    root = of_an_earlier_version(home)
    place = find_place(home)
    assert (place.root, place.notes) == (root, ())
    assert is_whole(root)
    delete_data(home)
    assert not root.exists()


@pytest.mark.usefixtures("shared")
def test_a_new_home_does_not_get_the_data_of_a_removed_one_of_an_earlier_version(home):
    root = of_an_earlier_version(home)
    shutil.rmtree(home)
    place = find_place(home)
    assert place.root != root
    assert any(f"rm -r {root}" in note for note in place.notes)
    assert is_whole(root)


@pytest.mark.usefixtures("shared")
def test_a_copy_of_a_home_of_an_earlier_version_begins_empty(home, tmp_path):
    root = of_an_earlier_version(home)
    copy = Path(shutil.copytree(home, tmp_path / "copy"))
    (said,) = find_place(copy).notes
    assert f"nothing in {root} says that it is of this home" in said
    delete_data(copy)
    assert find_place(home).root == root
    assert is_whole(root)


@pytest.mark.usefixtures("shared")
def test_a_home_whose_data_was_removed_begins_empty_and_says_so(home):
    shutil.rmtree(root := find_place(home).root)
    (said,) = find_place(home).notes
    assert said == f"the data in {root} is gone; here the database began empty"


@pytest.mark.parametrize("damage", ["empty", "half", "one bit", "a line of zeros"])
def test_a_damaged_record_is_named_and_its_data_is_not_called_superfluous(home, shared, damage):
    root = filled(home)
    record = home / "database" / "location"
    before = record.read_text()
    digit = before[-2]
    other = chr(ord(digit) ^ 1)
    record.write_text({
        "empty": "", "half": before[: len(before) // 2], "one bit": before[:-2] + other + "\n",
        "a line of zeros": "\0" * len(before),
    }[damage])  # fmt: skip
    damaged = record.read_bytes()
    with pytest.raises(DatabaseError, match=re.escape(f"{record} is damaged")) as raised:
        find_place(home)
    assert f"echo {root} > {record}" in raised.value.remedy
    assert "rm -r" not in raised.value.remedy
    assert record.read_bytes() == damaged
    assert [*shared.iterdir()] == [root], "no other database was begun"
    subprocess.run(["sh", "-c", f"echo {root} > {record}"], check=True)
    assert find_place(home).root == root
    assert is_whole(root)


@pytest.mark.usefixtures("shared")
def test_an_emptied_note_is_named(home):
    root = filled(home)
    (root / NOTE).write_text("")
    with pytest.raises(DatabaseError, match=re.escape(f"{root / NOTE} is damaged")) as raised:
        find_place(home)
    subprocess.run(["sh", "-c", raised.value.remedy.partition(": ")[2]], check=True)
    assert find_place(home).root == root
    assert is_whole(root)


@pytest.mark.usefixtures("shared")
def test_clusters_that_start_together_get_one_directory(home):
    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(find_place, [home] * 8))
    assert len({place.root for place in places}) == 1


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("trap", ["link", "pipe"])
def test_a_note_that_the_server_s_user_replaced_is_not_followed(home, trap, tmp_path):
    root = filled(home)
    (tmp_path / "said").write_text(str(home))
    (root / NOTE).unlink()
    if trap == "link":
        (root / NOTE).symlink_to(tmp_path / "said")
    else:
        os.mkfifo(root / NOTE)
    delete_data(home)
    assert is_whole(root)


@pytest.mark.usefixtures("shared")
def test_the_data_of_deleted_homes_is_named(home, tmp_path):
    """A clone is deleted with `rm -r`, which does not reach its data."""
    first, second = tmp_path / "first", tmp_path / "second"
    gone = sorted(filled(each) for each in (first, second))
    here = filled(tmp_path / "here")
    shutil.rmtree(first)
    shutil.rmtree(second)
    (said,) = find_place(home).notes
    assert said.endswith(f"rm -r {gone[0]} {gone[1]}")
    assert all(map(is_whole, (*gone, here)))
    subprocess.run(["sh", "-c", said.partition("them: ")[2]], check=True)
    assert find_place(home).notes == ()
