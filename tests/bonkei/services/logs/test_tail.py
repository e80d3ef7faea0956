"""The lines of a file that is rotated while it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bonkei.services.logs.delivery import tail
from bonkei.services.logs.delivery.tail import Piece, read_on


def all_of(file: Path, piece: Piece) -> list[str]:
    """The further lines."""
    lines: list[str] = []
    more = True
    while more:
        piece = read_on(file, piece.offset, piece.inode)
        lines += piece.lines
        more = piece.more
    return lines


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "a.log"
    made.write_text("one\n")
    return made


def append(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(text)


def renamed(file: Path) -> None:
    file.replace(file.with_name("a.log.1"))


def copied(file: Path) -> None:
    file.with_name("a.log.1").write_bytes(file.read_bytes())
    file.write_bytes(b"")


@pytest.mark.parametrize("rotate", [renamed, copied])
def test_the_rest_of_a_rotated_file_has_its_last_line(
    file: Path, rotate: Callable[[Path], None]
) -> None:
    """Also when no line end follows it: a full disk has cut it off, or a rotation."""
    piece = read_on(file, 0)
    append(file, "two\nthr")
    rotate(file)
    append(file, "4\n")
    assert all_of(file, piece) == ["two", "thr", "4"]


def test_a_file_that_is_rotated_between_the_look_and_the_reading_is_read_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece, look = read_on(file, 0), tail.stat_of
    append(file, "two\n")

    def rotating(path: Path) -> Any:
        found = look(path)
        monkeypatch.setattr(tail, "stat_of", look)
        renamed(file)
        append(file, "three\nfour\nfive\n")
        return found

    monkeypatch.setattr(tail, "stat_of", rotating)
    assert all_of(file, piece) == ["two", "three", "four", "five"]
