"""What a killed process has left is removed, and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bonkei.base.sockets import make_socket_directory, note_directory, remove_left


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With the socket of a process that is gone."""
    made = make_socket_directory()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(made / "dead.sock"))
    note_directory(made, tmp_path / "note")
    yield made
    if made.is_dir():
        for each in made.iterdir():
            each.unlink()
        made.rmdir()


def test_the_directories_of_killed_ones_are_removed(tmp_path: Path, directory: Path) -> None:
    another = make_socket_directory()
    note_directory(another, tmp_path / "note")
    remove_left(tmp_path / "note")
    assert not directory.exists()
    assert not another.exists()
    assert not (tmp_path / "note").exists()


def test_nothing_is_noted(tmp_path: Path) -> None:
    remove_left(tmp_path / "note")
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_used_stays_until_it_is_not(tmp_path: Path, directory: Path) -> None:
    """The processes of a killed one may live for a moment, and a home may be a copy."""
    note = tmp_path / "note"
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(directory / "living.sock"))
        living.listen(0)
        for _ in range(3):  # its queue fills
            remove_left(note)
            assert {each.name for each in directory.iterdir()} == {"dead.sock", "living.sock"}
    remove_left(note)
    assert not directory.exists()


def test_files_that_are_not_sockets_stay(tmp_path: Path, directory: Path) -> None:
    (directory / "mine.txt").touch()
    remove_left(tmp_path / "note")
    assert [each.name for each in directory.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("kind", ["other name", "link", "relative", "missing"])
def test_directories_of_others_stay(
    tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(directory.parent)
    other, link = tmp_path / "other", tmp_path / "bonkei-link"
    other.mkdir()
    link.symlink_to(directory)
    noted = {"other name": other, "link": link, "relative": Path(directory.name)}
    note = tmp_path / "another note"
    note_directory(noted.get(kind, tmp_path / "bonkei-none"), note)
    remove_left(note)
    assert other.is_dir()
    assert (directory / "dead.sock").is_socket()
    assert not note.exists()


def test_a_directory_of_another_user_stays(
    tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.base.sockets.os.getuid", lambda: 4321)
    remove_left(tmp_path / "note")
    assert (directory / "dead.sock").is_socket()
