"""Which directory in /var/tmp is which home's; see docs/decisions/database.md.

The home's record (`database/location`) names a directory, and the directory's note (`.home`) names
the home. A directory is a home's only if both say so, or if no other home's record names it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bonkei.base import kept
from bonkei.base.folders import entries
from bonkei.services.rds.errors import DatabaseError

_SHARED = Path("/var/tmp")  # noqa: S108 - survives a reboot; what is made in it is checked
_NAME = re.compile(r"bonkei-[0-9a-f]{16}")
_RECORD = "location"
_NOTE = ".home"  # no cluster's identifier begins with a dot
_LONGEST = 8192  # bytes of a record or a note: a path


@dataclass(frozen=True, slots=True)
class Claim:
    """`root`: the directory that the home's record names, or None. `refusal`: why it is not the
    home's; empty if it is."""

    root: Path | None = None
    refusal: str = ""

    @property
    def held(self) -> Path | None:
        """The directory, if it is the home's."""
        return None if self.refusal else self.root


def read_claim(home: Path, uid: int) -> Claim:
    """What the home has. `uid` is the server's user. Raises DatabaseError for a damaged record or
    note, and for a directory that is not safe."""
    record = home / "database" / _RECORD
    text = _read(record)
    if text is None:
        if record.is_file() and not record.is_symlink():
            raise _damaged(record, "it is empty", home, uid)
        return Claim()
    root = Path(text)
    if root.parent != _SHARED or not _NAME.fullmatch(root.name):
        raise _damaged(record, f"it does not name the directory of a database: {text}", home, uid)
    if not os.path.lexists(root):
        if [*left_behind(home, root, uid)]:
            raise _damaged(record, f"{root} does not exist", home, uid)
        return Claim(root, f"the data in {root} is gone")
    require_safe(root, uid)
    note = root / _NOTE
    if note.is_file() and not note.is_symlink() and not note.stat().st_size:
        raise DatabaseError(
            f"{note} is damaged: it is empty",
            remedy=f"if the data is of this home, say so in it: echo {home.resolve()} > {note}",
        )
    return Claim(root, _refusal(root, home))


def _damaged(record: Path, problem: str, home: Path, uid: int) -> DatabaseError:
    """The remedy names the directories that say they are of this home."""
    found = [*left_behind(home, home, uid)]
    name = " or ".join(f"echo {root} > {record}" for root in found)
    name = name or f"write the path of the data, {_SHARED}/bonkei-…, into it"
    return DatabaseError(
        f"{record} is damaged: {problem}",
        remedy=f"name the directory of this home's data again: {name}; or remove the file, and "
        "the database begins empty beside the data",
    )


def new_root() -> Path:
    """The name of a directory that no home has had."""
    return _SHARED / f"bonkei-{secrets.token_hex(8)}"


def write_claim(root: Path, home: Path) -> None:
    """Let both name each other: first the note, so that a record never names a stranger's."""
    _write(root / _NOTE, os.fsencode(home.resolve()))
    _write(home / "database" / _RECORD, os.fsencode(root))


def left_behind(home: Path, own: Path, uid: int) -> Iterator[Path]:
    """Directories of earlier homes with this home's path, whose records are gone. `own` is this
    home's."""
    for root in entries(_SHARED):
        if root != own and _NAME.fullmatch(root.name) and _is_safe(root, uid):
            note = _read(root / _NOTE)
            if note == str(home.resolve()) or (note is None and root == _without_note(home)):
                yield root


def orphaned(uid: int) -> Iterator[Path]:
    """Directories of homes that are gone, as after `rm -r` of a clone."""
    for root in entries(_SHARED):
        if _NAME.fullmatch(root.name) and _is_safe(root, uid):
            note = _read(root / _NOTE)
            if note is not None and not os.path.lexists(note):
                yield root


def require_safe(root: Path, uid: int) -> None:
    """All users may write to /var/tmp: raises DatabaseError unless `root` is like one of ours."""
    if not _is_safe(root, uid):
        raise DatabaseError(
            f"{root} is not a directory of mode 0700 that belongs to the server's user",
            remedy=f"see who made it, and remove it: rm -r {root}",
        )


def _is_safe(root: Path, uid: int) -> bool:
    try:
        status = root.lstat()
    except OSError:
        return False
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == uid
    return is_ours and stat.S_IMODE(status.st_mode) == 0o700


def _refusal(root: Path, home: Path) -> str:
    """Why a directory that the home's record names is not the home's; empty if it is."""
    note = _read(root / _NOTE)
    if note is None:
        # An earlier version wrote no notes, and named the directory after the home's path.
        is_ours = root == _without_note(home)
        return "" if is_ours else f"nothing in {root} says that it is of this home"
    other = Path(note)
    if _is_same(other, home) or _read(other / "database" / _RECORD) != str(root):
        return ""  # of this home, also when it was moved
    return f"this home is a copy of {other}, whose data stays in {root}"


def _without_note(home: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
    return _SHARED / f"bonkei-{digest}"


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _read(file: Path) -> str | None:
    """A path that is written in a file; None if there is none. Others may have put anything there:
    no link is followed, and no pipe is waited for."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return os.fsdecode(opened.read(_LONGEST)).removesuffix("\n") or None


def _write(file: Path, path: bytes) -> None:
    kept.write(file, path + b"\n")
