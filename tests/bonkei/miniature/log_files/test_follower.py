"""Following logs that are rotated meanwhile."""

from __future__ import annotations

from pathlib import Path

from bonkei.miniature.log_files.files import Follower, last, log_files
from bonkei.miniature.log_files.record import Record

LINE = "2026-01-02 03:04:05.{:03} task {}\n"


class _All:
    since = ""
    is_rare = False

    def __call__(self, record: Record) -> bool:
        return True


def test_a_follower_goes_on_while_a_log_is_being_rotated(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "app-backend" / "backend.log"
    log.parent.mkdir(parents=True)
    log.write_text(LINE.format(1, "before"))
    files = log_files(tmp_path / "logs", "backend")
    log.replace(log.with_name("backend.log.1"))  # until the next line, there is no other
    follower = Follower(tmp_path / "logs", "backend", files)
    assert follower.new() == []
    log.write_text(LINE.format(2, "after"))
    assert [record.message for record in follower.new()] == ["after"]
    assert [record.message for record in last(files, _All(), None)] == ["before", "after"]


def test_lines_written_just_before_a_rotation_are_followed(tmp_path: Path) -> None:
    """Of two looks, the first one was before these lines, and the second one after the rotation."""
    log = tmp_path / "logs" / "app-backend" / "backend.log"
    log.parent.mkdir(parents=True)
    log.write_text(LINE.format(1, "seen") * 9)
    follower = Follower(tmp_path / "logs", "backend", log_files(tmp_path / "logs", "backend"))
    with log.open("a") as file:
        file.write(LINE.format(2, "last"))
    log.replace(log.with_name("backend.log.1"))
    log.write_text(LINE.format(3, "next"))
    assert [record.message for record in follower.new()] == ["last", "next"]
    assert follower.new() == []


def test_a_log_that_has_grown_past_its_predecessor_is_followed_from_its_beginning(
    tmp_path: Path,
) -> None:
    """The look after the rotation is late, as when Ctrl-S holds the output."""
    log = tmp_path / "logs" / "app-backend" / "backend.log"
    log.parent.mkdir(parents=True)
    log.write_text(LINE.format(1, "seen") * 3)
    follower = Follower(tmp_path / "logs", "backend", log_files(tmp_path / "logs", "backend"))
    with log.open("a") as file:
        file.write(LINE.format(2, "last"))
    log.replace(log.with_name("backend.log.1"))
    log.write_text(LINE.format(3, "next") * 9)
    assert [record.message for record in follower.new()] == ["last", *["next"] * 9]
    assert follower.new() == []


def test_a_log_that_was_rotated_twice_is_followed_from_its_beginning(tmp_path: Path) -> None:
    """Lines of the one before are gone; none of the others is cut or repeated."""
    log = tmp_path / "logs" / "app-backend" / "backend.log"
    log.parent.mkdir(parents=True)
    log.write_text(LINE.format(1, "seen"))
    follower = Follower(tmp_path / "logs", "backend", log_files(tmp_path / "logs", "backend"))
    kept = log.open()  # its inode is not given to another file
    for words in ("between", "newest"):
        log.replace(log.with_name("backend.log.1"))
        log.write_text(LINE.format(2, words) * 9)
    assert [record.message for record in follower.new()] == ["newest"] * 9
    kept.close()
