"""Files are written whole or not at all, and what is damaged is never empty."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from bonkei.base.kept import DamagedError, read_json, write


def test_a_file_is_written_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    write(file, '{"a": 1}')
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_json(file, dict) == {"a": 1}
    write(file, b"{}")
    assert [each.name for each in tmp_path.iterdir()] == ["kept.json"]


def test_a_failed_write_leaves_the_old_content_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept.json"
    write(file, "old")
    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError("the disk is full")))
    with pytest.raises(OSError, match="full"):
        write(file, "new")
    assert file.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["kept.json"]


def test_no_file_is_nothing(tmp_path: Path) -> None:
    assert read_json(tmp_path / "kept.json", dict) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"\0\0\0", "it is empty"),
        (b"\xff{}", "it is not text"),
        (b'{"a": ', "it is not JSON"),
        (b"{}", "'a' is missing in it"),
        (b"1", "is damaged"),
    ],
)
def test_a_damaged_file_is_named_and_stays(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(content)
    with pytest.raises(DamagedError, match=problem) as raised:
        read_json(file, lambda found: found["a"], "or remove it")
    assert str(file) in raised.value.message
    assert raised.value.remedy == "put back a copy of the file; or remove it"
    assert file.read_bytes() == content
