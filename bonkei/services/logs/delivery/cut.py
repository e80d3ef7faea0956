"""Reads on in a log that is copied to `.1` and then cut, as PostgreSQL's is.

The file stays the same, so its content is known by its first bytes. A reader that lags behind
notices that what it was reading is in `.1`, or that it is gone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from bonkei.base.folders import size_of
from bonkei.services.logs.delivery.tail import Piece, read_piece

_HEAD = 1024  # bytes: of several lines, with their times and processes


@dataclass(frozen=True, slots=True)
class Place:
    """`offset` in the content whose first `known` bytes have this `digest`. `former`: the digest of
    `.1` then."""

    offset: int = 0
    known: int = 0
    digest: str = ""
    former: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """`place`: of the next piece. `is_lost`: the log was cut twice since the last piece, so lines
    between that and this one may be nowhere."""

    piece: Piece
    place: Place
    is_lost: bool = False


def read_after(path: Path, place: Place) -> Found:
    """The next piece: of the log, or first the rest of its former content."""
    former = path.with_name(f"{path.name}.1")
    head = _digest(former, _HEAD)
    source, at, is_lost = _source(path, former, head, place)
    piece = read_piece(source, at.offset, last=source is former)
    if source is path or piece.more:
        begin = at if at.known == _HEAD else _begin(source)
        following = replace(begin, offset=piece.offset)
    else:
        following = _begin(path)
        piece = replace(piece, more=following.known > 0)
    return Found(piece, replace(following, former=head), is_lost)


def _source(path: Path, former: Path, head: str, place: Place) -> tuple[Path, Place, bool]:
    """The file to read, where, and whether lines before that may be lost."""
    if not place.known and place.offset:  # of a version that knew the offset only
        source = path if size_of(path) >= place.offset else former
        return source, replace(_begin(source), offset=place.offset), False
    if place.known and _begins(path, place):
        return path, place, False
    if place.known and _begins(former, place):
        return former, place, False
    if head == place.former or place == Place():  # nothing was cut, or it is the first look
        return path, _begin(path), False
    return former, _begin(former), place.known > 0


def _begin(path: Path) -> Place:
    known = min(size_of(path), _HEAD)
    return Place(0, known, _digest(path, known)) if known else Place()


def _begins(path: Path, place: Place) -> bool:
    return size_of(path) >= place.offset and _digest(path, place.known) == place.digest


def _digest(path: Path, count: int) -> str:
    """The digest of the first `count` bytes; empty if there is no file."""
    try:
        with path.open("rb") as file:
            return hashlib.sha256(file.read(count)).hexdigest()
    except FileNotFoundError:
        return ""
