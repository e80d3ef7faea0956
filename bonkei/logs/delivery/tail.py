"""Reads the new lines of a growing file. If the file became shorter, its former content is in
`.1`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_MOST = 1024 * 1024  # bytes that are read at once
_LONGEST = 256 * 1024  # a line without an end is taken as a line once it has this many bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """`lines` end at `offset`, where the next piece begins. `more`: whether the next piece already
    exists."""

    lines: tuple[str, ...]
    offset: int
    more: bool


def read_on(path: Path, offset: int) -> Piece:
    """The complete lines from an offset on; nothing if there is no file."""
    size = _size(path)
    if size < offset:  # the file was rotated: first the rest of the old one
        former = path.with_name(f"{path.name}.1")
        if _size(former) > offset:
            piece = _read(former, offset, last=True)
            if piece.more:
                return piece
            return Piece(piece.lines, 0, size > 0)
        offset = 0
    return _read(path, offset) if size > offset else Piece((), offset, more=False)


def _read(path: Path, offset: int, *, last: bool = False) -> Piece:
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(_MOST)
    end = data.rfind(b"\n") + 1
    if not end and (last or len(data) >= _LONGEST):
        end = len(data)
    text = data[:end].decode("utf-8", "replace")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return Piece(tuple(lines), offset + end, more=len(data) == _MOST)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
