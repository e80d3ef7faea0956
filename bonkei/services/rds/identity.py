"""The id of a home, by which it knows its own objects on a server of the user.

It is random, and kept in the home: a new home at the place of an older one is another home. Beside
the id stands the home's place, so that a copy is not taken for the home that was copied. See
docs/decisions/database.md.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from bonkei.base import kept
from bonkei.base.folders import entries
from bonkei.base.removal import remove
from bonkei.services.rds.errors import DatabaseError

FILE = Path("database", "id")
"""The file in the home. `bonkei reset` keeps it, because it does not change the server."""
_ID = re.compile(r"[0-9a-f]{16}")
_LONGEST = 8192  # bytes of the file: an id and a path


def home_id(home: Path) -> str:
    """The id of a home, which gets one if it has none. After a move it is the same. Raises
    DatabaseError for a damaged one: with another id, its own objects would be another home's."""
    require_whole(home)
    found = _read(home)
    here = str(home.resolve())
    if found is not None:
        id_, place = found
        if place == here:
            return id_
        if not place or not _is_copy(home, id_, Path(place)):
            _write(home, id_, here)  # moved, or from a version that kept the id alone
            return id_
    made = secrets.token_hex(8)
    _write(home, made, here)
    return made


def require_whole(home: Path) -> None:
    """Raises DatabaseError for a damaged id."""
    if os.path.lexists(home / FILE) and _read(home) is None:
        raise DatabaseError(
            f"{home / FILE} is damaged: its first line is not an id",
            remedy="put back a copy of the file; the server has the id, too, in the comments on "
            "this home's roles and databases",
        )


def remove_but_id(home: Path) -> None:
    """Remove what a home keeps of its databases, except its id. A link is removed, not followed.
    Raises OSError."""
    folder = home / FILE.parent
    if folder.is_symlink() or _read(home) is None:
        remove(folder)
        return
    for each in entries(folder):
        if each.name != FILE.name:
            remove(each)


def _is_copy(home: Path, id_: str, original: Path) -> bool:
    """Whether the home that the file names is still there."""
    found = _read(original)
    if found is None or found[0] != id_:
        return False
    try:
        return not original.samefile(home)
    except OSError:
        return False


def _read(home: Path) -> tuple[str, str] | None:
    """The id and the home's place; the place is empty in a file of an earlier version."""
    try:
        with (home / FILE).open("rb") as opened:
            id_, _, place = os.fsdecode(opened.read(_LONGEST)).partition("\n")
    except OSError:
        return None
    return (id_.strip(), place.removesuffix("\n")) if _ID.fullmatch(id_.strip()) else None


def _write(home: Path, id_: str, place: str) -> None:
    file = home / FILE
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept.write(file, os.fsencode(f"{id_}\n{place}\n"))
