"""A home is Bonkei's own directory. Nothing else is ever used as one or removed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from pwd import getpwnam
from tempfile import TemporaryDirectory

import pytest

import bonkei
from bonkei.base.sockets import make_socket_directory, note_directory
from bonkei.config import WORKSPACES
from bonkei.miniature import removing
from bonkei.miniature.control.socket_file import find_socket, open_socket
from bonkei.miniature.home import CONTENTS, MARKER, Home, MiniatureError
from bonkei.miniature.lock import HomeLock, is_running
from bonkei.services.rds.identity import home_id


def everything_in(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def fill(home: Path) -> None:
    for name in CONTENTS - {"lock", "control", "control.sock"}:
        (home / name).mkdir()
        (home / name / "file").touch()
    (home / "control").write_text("control.sock\n")
    (home / "control.sock").touch()


def test_a_new_home_is_private_and_has_a_marker(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "home").make()
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert "bonkei reset" in (home.path / MARKER).read_text()
    assert home.make().is_ours


def test_each_workspace_removes_only_its_own_home(tmp_path: Path) -> None:
    outer = Home(tmp_path / "home")
    inner = Home(outer.path / WORKSPACES / "staging").make()
    assert {each.path.stat().st_mode & 0o777 for each in (outer, inner)} == {0o700}
    fill(outer.make().path)
    fill(inner.path)
    assert outer.remove() == []
    assert everything_in(inner.path) >= {"terraform/file", MARKER}
    assert outer.make().is_ours
    assert inner.remove() == []
    assert everything_in(outer.path) == {MARKER}
    (tmp_path / "letter.txt").touch()
    with pytest.raises(MiniatureError, match=r"letter\.txt"):
        Home(tmp_path / WORKSPACES / "staging").make()


def test_an_empty_directory_becomes_a_home(tmp_path: Path) -> None:
    assert Home(tmp_path).make().is_ours


@pytest.mark.parametrize("names", [("letter.txt",), ("terraform", "logs"), (".hidden",)])
def test_a_directory_with_other_files_is_left_alone(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).mkdir()
    with pytest.raises(MiniatureError, match="names a directory with other files") as caught:
        Home(tmp_path).make()
    assert names[-1] in caught.value.message
    assert everything_in(tmp_path) == set(names)


@pytest.mark.parametrize("mirror", ["terraform/mirror", "evaluated/0a1b/terraform/mirror"])
def test_a_home_without_a_marker_is_recognized_by_its_files(tmp_path: Path, mirror: str) -> None:
    (tmp_path / mirror).mkdir(parents=True)
    (tmp_path / "lock").touch()
    assert Home(tmp_path).make().is_ours


def test_a_directory_with_more_than_a_home_is_none(tmp_path: Path) -> None:
    (tmp_path / "terraform" / "mirror").mkdir(parents=True)
    (tmp_path / "thesis").touch()
    with pytest.raises(MiniatureError, match="thesis"):
        Home(tmp_path).make()


def test_a_file_cannot_be_a_home(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MiniatureError, match="cannot be a home"):
        Home(tmp_path / "file").make()


def test_checking_for_a_running_miniature_writes_nothing(tmp_path: Path) -> None:
    assert not is_running(Home(tmp_path))
    assert everything_in(tmp_path) == set()


def test_every_folder_that_is_made_in_a_home_is_ours() -> None:
    """Else `bonkei reset` leaves it behind, as someone else's."""
    sources = (file.read_text() for file in Path(bonkei.__file__).parent.rglob("*.py"))
    made = {name for text in sources for name in re.findall(r'\b_?home\.path / "([\w.-]+)"', text)}
    assert {"ecs", "faults", "terraform"} <= made
    assert made - CONTENTS == set()


def test_reset_removes_all_our_files(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    fill(home.path)
    assert removing.reset(home) == []
    assert everything_in(tmp_path) == set()


def test_reset_removes_a_socket_that_a_killed_supervisor_left_elsewhere(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long" * 40)).make()
    open_socket(home).close()
    path = find_socket(home)
    assert path is not None
    assert not path.is_relative_to(home.path)
    assert removing.reset(home) == []
    assert not path.parent.exists()


@pytest.mark.parametrize("note", ["sockets", "terraform/sockets", "evaluated/a/terraform/sockets"])
def test_reset_removes_other_sockets_that_a_kill_left(tmp_path: Path, note: str) -> None:
    home = Home(tmp_path / "home").make()
    directory = make_socket_directory()
    file = home.path / note
    file.parent.mkdir(parents=True, exist_ok=True)
    note_directory(directory, file)
    assert removing.reset(home) == []
    assert not directory.exists()


def test_reset_keeps_files_of_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    fill(home.path)
    (home.path / "notes.txt").touch()
    assert removing.reset(home) == ["notes.txt"]
    assert everything_in(home.path) == {"notes.txt", MARKER}
    assert home.make().is_ours


def test_reset_removes_what_a_killed_miniatures_tasks_have_left() -> None:
    """The kernel's folder in a task's overlay has the mode 0: its owner, who is not root, cannot
    look into it."""
    with TemporaryDirectory() as folder:
        nobody = getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
        os.chown(folder, nobody, -1)
        before = os.geteuid()
        os.seteuid(nobody)
        try:
            home = Home(Path(folder) / "home").make()
            inner = home.path / "tasks" / "abc" / "roots" / "web" / "workdir" / "work"
            inner.mkdir(parents=True)
            inner.chmod(0)
            assert home.remove() == []
        finally:
            os.seteuid(before)
        assert list(Path(folder).iterdir()) == []


def test_reset_keeps_the_id_on_a_server_of_the_user(tmp_path: Path) -> None:
    """That server stays as it is, and the next start finds its own objects there."""
    home = Home(tmp_path / "home").make()
    assert not home.has_id
    fill(home.path)
    made = home_id(home.path)
    assert removing.reset(home) == []
    assert everything_in(home.path) == {MARKER, "database", "database/id"}
    assert home.has_id
    assert home_id(home.make().path) == made


def test_reset_does_not_follow_links(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter.txt").touch()
    home = Home(tmp_path / "home").make()
    (home.path / "logs").symlink_to(precious)
    (home.path / "tasks").symlink_to(precious)
    removing.reset(home)
    assert everything_in(tmp_path) == {"precious", "precious/letter.txt"}


@pytest.mark.parametrize("marker", [None, "something else\n", b"\xff\xfe\x00"])
def test_reset_refuses_a_directory_without_a_marker(
    tmp_path: Path, marker: str | bytes | None
) -> None:
    fill(tmp_path)
    if isinstance(marker, str):
        (tmp_path / MARKER).write_text(marker)
    if isinstance(marker, bytes):
        (tmp_path / MARKER).write_bytes(marker)
    before = everything_in(tmp_path)
    with pytest.raises(MiniatureError, match=MARKER):
        removing.reset(Home(tmp_path))
    with pytest.raises(MiniatureError, match=MARKER):
        Home(tmp_path).remove()
    assert everything_in(tmp_path) == before


def test_reset_refuses_while_another_process_holds_the_home(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    lock = HomeLock(home)
    lock.acquire()
    with pytest.raises(MiniatureError, match="already runs"):
        removing.reset(home)
    lock.release()
    assert home.is_ours
