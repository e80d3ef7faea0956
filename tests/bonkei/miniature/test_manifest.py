"""What the kept files were at the last stop is what they are at the next start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bonkei.base.kept import DamagedError
from bonkei.miniature import manifest

NAMES = ("ecs/services.json", "secrets/password", "cloud/key")


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
    manifest.forget(home)
    assert [*manifest.changed(home)] == []


def test_a_command_notes_what_it_has_changed(home: Path) -> None:
    change(home / "cloud/key", is_written=True)
    change(home / "ecs/services.json", is_written=True)
    manifest.note_again(home, "ecs/*", "secrets/*")
    assert [error.file for error in manifest.changed(home)] == [home / "cloud/key"]
    manifest.forget(home)
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

    manifest.forget(home)
    monkeypatch.setattr("bonkei.base.kept.write", full)
    manifest.note(home, [home / name for name in NAMES])
    assert [*manifest.changed(home)] == []
