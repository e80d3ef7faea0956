"""A build's log, without a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.services.codebuild.running.log import BuildLog

SECRET = "of-the-store"


@pytest.mark.parametrize("before", range(199_984, 200_004, 3))
def test_a_secret_where_a_long_line_is_cut_is_hidden(before: int, tmp_path: Path) -> None:
    file, heard = tmp_path / "log", list[str]()
    log = BuildLog(file, lambda _, line: heard.append(line))
    log.hide([SECRET])
    text = "x" * before + SECRET + "y" * 10
    log.feed(text[:199_999].encode())
    log.feed(text[199_999:200_005].encode())
    log.feed(f"{text[200_005:]}\nnext\n".encode())
    log.feed(f"{text}\n".encode())  # as one piece
    log.close()
    whole = f"{'x' * before}***{'y' * 10}"
    assert "".join(heard) == f"{whole}next{whole}"
    assert all(len(line) <= 200_000 for line in heard)
    assert file.read_text() == "".join(f"{line}\n" for line in heard)
