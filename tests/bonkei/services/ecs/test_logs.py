"""How lines are framed, and where they are written."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.services.ecs.logs import CutLine, FileLogSink, LineFramer, LogLine


@given(st.lists(st.binary(max_size=50)), st.integers(1, 20))
def test_framing_does_not_depend_on_the_size_of_reads(chunks, limit):
    whole = LineFramer(limit)
    expected = whole.feed(b"".join(chunks)) + whole.finish()
    pieces = LineFramer(limit)
    lines = [line for chunk in chunks for line in pieces.feed(chunk)] + pieces.finish()
    assert lines == expected


def test_long_lines_are_split_and_carriage_returns_are_removed():
    framer = LineFramer(4)
    assert framer.feed(b"abcdefgh\nx\r\n\nno end") == ["abcd", "efgh", "x", "", "no e"]
    assert framer.finish() == ["nd"]
    assert framer.finish() == []


def test_lines_go_to_the_file_of_their_container(tmp_path):
    sink = FileLogSink(tmp_path)
    sink.write([line("one"), line("two", "router")])
    sink.close()
    assert sink.path("web", "app").read_text() == f"2023-11-14T22:13:20.250Z {'0' * 32} one\n"
    assert sink.path("web", "router").exists()


def test_files_are_bounded(tmp_path):
    sink = FileLogSink(tmp_path, max_bytes=1000)
    for number in range(200):
        sink.write([line(f"line {number}")])
    sink.close()
    files = sorted(sink.path("web", "app").parent.iterdir())
    assert [file.name for file in files] == ["app.log", "app.log.1"]
    assert all(file.stat().st_size < 1200 for file in files)
    assert "line 199" in files[0].read_text() + files[1].read_text()


def test_a_name_cannot_leave_the_directory(tmp_path):
    assert FileLogSink(tmp_path).path("../x", "..").is_relative_to(tmp_path / "_x")


def line(text: str, container: str = "app") -> LogLine:
    return LogLine("web", container, "0" * 32, "stdout", 1700000000.25, text)


def test_a_full_disk_is_reported_once_and_its_end_too(tmp_path):
    """Linux's /dev/full refuses each write, as a full disk does."""
    said: list[str] = []
    sink = FileLogSink(tmp_path, report=said.append)
    path = sink.path("web", "app")
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    for number in range(900):
        sink.write([line(f"lost {number}"), line("lost, too")])
    assert said == [f"log lines are lost until the disk has space again: {path}: {os.strerror(28)}"]

    path.unlink()
    sink.write([line("kept")])
    sink.write([line("kept, too")])
    assert said[1:] == ["log lines are written again; 1800 were lost"]
    assert [text.split()[-1] for text in path.read_text().splitlines()] == ["kept", "too"]
    sink.close()


def test_a_disk_that_is_full_repeatedly_is_not_reported_each_time(tmp_path):
    said: list[str] = []
    now = [0.0]
    sink = FileLogSink(tmp_path, report=said.append, clock=lambda: now[0])
    path = sink.path("web", "app")
    path.parent.mkdir(parents=True)
    for second in range(60):
        now[0] = float(second)
        path.symlink_to("/dev/full")
        sink.write([line("lost")])
        path.unlink()
        sink.write([line("kept")])
        sink.close()
        path.unlink()
    assert len(said) == 2
    now[0] = 61.0
    path.symlink_to("/dev/full")
    sink.write([line("lost")])
    assert len(said) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")
def test_a_real_disk_fills_up_and_is_emptied(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(mounted.stderr)
    try:
        said: list[str] = []
        sink = FileLogSink(tmp_path, report=said.append)
        for number in range(200):
            sink.write([line(f"{number} " + "x" * 1000)])
        (begun,) = said
        assert "No space left on device" in begun
        sink.path("web", "app").write_text("")
        sink.write([line("kept")])
        assert said[1].startswith("log lines are written again")
        assert sink.path("web", "app").read_text().endswith(" kept\n")
        sink.close()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_half_written_line_does_not_spoil_the_next(tmp_path):
    sink = FileLogSink(tmp_path)
    path = sink.path("web", "app")
    path.parent.mkdir(parents=True)
    path.write_text("half a li")
    sink.write([line("whole")])
    assert path.read_text().splitlines()[1].endswith(" whole")
    sink.close()


def test_a_split_line_is_marked_and_keeps_its_characters() -> None:
    framer = LineFramer(limit=4)
    pieces = framer.feed("日本語ab\nx\nabcde".encode())
    assert pieces == ["日", "本", "語a", "b", "x", "abcd"]
    assert [isinstance(each, CutLine) for each in pieces] == [True, True, True, False, False, True]
    assert framer.finish() == ["e"]
    assert LineFramer(limit=2).feed("日\n".encode()) != []  # a limit below one character ends, too
