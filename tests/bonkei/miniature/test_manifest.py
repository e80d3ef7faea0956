"""What the kept files were at the last stop is what they are at the next start."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bonkei.base import kept
from bonkei.base.kept import DamagedError
from bonkei.miniature import manifest

NAMES = ("ecs/services.json", "secrets/password", "cloud/key")


@pytest.fixture(autouse=True)
def no_run() -> Iterator[None]:
    yield
    kept.run = ""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"as it was")
    manifest.note(tmp_path, [tmp_path / name for name in NAMES])
    return tmp_path


def change(file: Path, *, is_written: bool) -> None:
    before = file.stat()
    file.write_bytes(b"as it is!")
    later = 0 if not is_written else 5
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + later))


@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_changed_file_is_named(home: Path, name: str, is_written: bool) -> None:
    """People write secrets; a flipped bit of the disk leaves the time of the last change."""
    change(home / name, is_written=is_written)
    found = [*manifest.changed(home)]
    if is_written and name == "secrets/password":
        assert found == []
        return
    (error,) = found
    assert error.file == home / name
    assert ("an older copy" in error.problem) == is_written
    assert f"rm {home / manifest.NAME}" in error.remedy


def test_nothing_else_is_named(home: Path) -> None:
    assert [*manifest.changed(home)] == []
    os.utime(home / "cloud/key")  # a copy of the home has other times
    (home / "ecs/services.json").unlink()  # as a remedy says
    (home / "ecs/other.json").write_text("new")
    assert [*manifest.changed(home)] == []
    change(home / "cloud/key", is_written=True)
    assert [*manifest.changed(home, "ecs/*")] == []
    manifest.begin(home, [home / name for name in NAMES])
    assert [*manifest.changed(home)] == []


def test_a_command_notes_what_it_has_changed(home: Path) -> None:
    change(home / "cloud/key", is_written=True)
    change(home / "ecs/services.json", is_written=True)
    manifest.note_again(home, "ecs/*", "secrets/*")
    assert [error.file for error in manifest.changed(home)] == [home / "cloud/key"]
    (home / manifest.NAME).unlink()
    manifest.note_again(home, "ecs/*")
    assert not (home / manifest.NAME).exists()


@pytest.mark.parametrize("place", [0, 20, 80, -3])
def test_a_damaged_list_is_named(home: Path, place: int) -> None:
    content = bytearray((home / manifest.NAME).read_bytes())
    content[place] ^= 1
    (home / manifest.NAME).write_bytes(content)
    with pytest.raises(DamagedError, match=manifest.NAME) as raised:
        [*manifest.changed(home)]
    assert "or remove it" in raised.value.remedy


def test_a_full_disk_leaves_no_list(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bonkei.base.kept.write", full)
    manifest.begin(home, [home / name for name in NAMES])
    change(home / "ecs/services.json", is_written=True)
    assert [*manifest.changed(home)] == []


@pytest.fixture
def killed(home: Path) -> Path:
    """After a kill: the list is of the last start."""
    for name in NAMES:
        os.utime(home / name, ns=(time.time_ns() - 10**10,) * 2)
    manifest.begin(home, [home / name for name in NAMES])
    return home


@pytest.mark.parametrize("name", NAMES)
def test_after_a_kill_a_changed_file_is_named_unless_the_run_has_written_it(
    killed: Path, name: str
) -> None:
    change(killed / name, is_written=False)
    (error,) = manifest.changed(killed)
    assert error.file == killed / name
    change(killed / name, is_written=True)
    assert [each.file for each in manifest.changed(killed)] == [killed / "cloud/key"] * (
        name == "cloud/key"
    )


def test_after_a_kill_an_older_copy_is_named(killed: Path) -> None:
    file, run = killed / "ecs/services.json", kept.run
    kept.write_json(file, {})
    of_this_run = file.read_bytes()
    assert [*manifest.changed(killed)] == []
    kept.run = "0" * 16
    kept.write_json(file, {})
    (error,) = manifest.changed(killed)
    assert "older copy" in error.problem
    kept.run = ""  # of a command, meanwhile
    kept.write_json(file, {"by": "a command"})
    assert [*manifest.changed(killed)] == []
    file.write_bytes(of_this_run)
    assert [*manifest.changed(killed)] == []
    kept.run = run
    manifest.note(killed, [file])
    kept.write_json(file, {"written": "after a stop"})
    assert [each.file for each in manifest.changed(killed)] == [file]


def test_what_was_written_just_before_a_start_may_be_written_in_the_same_moment(
    home: Path,
) -> None:
    """Some file systems count in seconds."""
    manifest.begin(home, [home / name for name in NAMES])
    change(home / "ecs/services.json", is_written=False)
    assert [*manifest.changed(home)] == []
