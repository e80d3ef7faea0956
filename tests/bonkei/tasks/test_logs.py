"""Lines: how they are framed, and where they go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bonkei.tasks.logs import FileLogSink, LineFramer, LogLine


@given(st.lists(st.binary(max_size=50)), st.integers(1, 20))
def test_framing_does_not_depend_on_how_the_bytes_arrive(chunks, limit):
    whole = LineFramer(limit)
    expected = whole.feed(b"".join(chunks)) + whole.finish()
    pieces = LineFramer(limit)
    lines = [line for chunk in chunks for line in pieces.feed(chunk)] + pieces.finish()
    assert lines == expected


def test_long_lines_come_in_pieces_and_carriage_returns_go():
    framer = LineFramer(4)
    assert framer.feed(b"abcdefgh\nx\r\n\nno end") == ["abcd", "efgh", "x", "", "no e"]
    assert framer.finish() == ["nd"]
    assert framer.finish() == []


def line(text: str, container: str = "app") -> LogLine:
    return LogLine("web", container, "0" * 32, "stdout", 1_700_000_000.25, text)


def test_lines_go_to_a_file_of_their_container(tmp_path):
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
