"""Reads the new lines of a growing file. After a rotation, its former content is in `.1`: renamed,
or copied before the file was cut."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from bonkei.base.folders import stat_of

PIECE_BYTES = 1024 * 1024  # bytes that are read at once
_LONGEST = 256 * 1024  # a line without an end is taken as a line once it has this many bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """`lines` end at `offset` of the file with this `inode`, where the next piece begins. `more`:
    whether the next piece already exists."""

    lines: tuple[str, ...]
    offset: int
    more: bool
    inode: int = 0


def read_on(path: Path, offset: int, inode: int = 0) -> Piece:
    """The complete lines from an offset on; nothing if there is no file.

    `inode`: that of the previous piece. A renamed file is known by it. Without it (0, such as after
    a restart: a copied home has other inodes) a rotation shows only while the new file is shorter.
    """
    now, size = _status(path)
    is_another = inode != 0 and now != inode
    if is_another or size < offset:  # the file was rotated: first the rest of the old one
        former = path.with_name(f"{path.name}.1")
        old, length = _status(former)
        if length > offset and (old == inode or not is_another):
            piece = _read(former, offset, old, last=True)
            if piece.more:
                return replace(piece, inode=inode)
            return Piece(piece.lines, 0, size > 0, now)
        offset = 0
    return _read(path, offset, now) if size > offset else Piece((), offset, more=False, inode=now)


def read_piece(path: Path, offset: int, *, last: bool = False) -> Piece:
    """The complete lines of this file from an offset on; nothing if there is no file. `last`:
    nothing more is written, so the last line may not be terminated."""
    inode, size = _status(path)
    if size <= offset:
        return Piece((), min(offset, size), more=False, inode=inode)
    return _read(path, offset, inode, last=last)


def _read(path: Path, offset: int, inode: int, *, last: bool = False) -> Piece:
    """Nothing if it is another file by now: it was rotated since it was looked at."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_ino != inode:
            return Piece((), offset, more=True, inode=inode)
        file.seek(offset)
        data = file.read(PIECE_BYTES)
    end = data.rfind(b"\n") + 1
    if (last and len(data) < PIECE_BYTES) or (not end and len(data) >= _LONGEST):
        end = len(data)
    text = data[:end].decode("utf-8", "replace")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return Piece(tuple(lines), offset + end, more=len(data) == PIECE_BYTES, inode=inode)


def _status(path: Path) -> tuple[int, int]:
    """Its inode and its size; zeros if there is no file."""
    found = stat_of(path)
    return (found.st_ino, found.st_size) if found else (0, 0)
