"""The place of a cluster's files and the server's user; see docs/decisions/database-as-root.md.

PostgreSQL refuses to run as root. Under root it runs as `nobody`, with all its files in a directory
outside the home, because nothing in a private home may be opened for another user.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from bonkei.database.errors import DatabaseError

_USER = "nobody"
_SHARED = Path("/var/tmp")  # noqa: S108 - survives a reboot; what is made in it is checked
_RECORD = "location"


@dataclass(frozen=True, slots=True)
class Place:
    """`root` contains the clusters' data (mode 0700). `uid`, `gid`: None for this process's own."""

    root: Path
    uid: int | None = None
    gid: int | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether the server runs as a different user from this process."""
        return self.uid is not None

    def make_directory(self, path: Path) -> Path:
        """A directory of mode 0700 that belongs to the server's user."""
        path.mkdir(mode=0o700, exist_ok=True)
        self.give(path)
        return path

    def give(self, path: Path) -> None:
        """Make the server's user the owner of a file or directory."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def find_place(home: Path) -> Place:
    """The place of this home's databases. It is created if missing. Raises DatabaseError if it is
    not safe."""
    records = home / "database"
    records.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() != 0:
        return Place(records)
    user = pwd.getpwnam(_USER)
    root = foreign_root(home)
    place = Place(root, user.pw_uid, user.pw_gid)
    if not root.exists():
        place.make_directory(root)
    _check(root, user.pw_uid)
    (records / _RECORD).write_text(f"{root}\n", encoding="utf-8")
    return place


def foreign_root(home: Path) -> Path:
    """The directory outside home for a server that runs as another user."""
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
    return _SHARED / f"bonkei-{digest}"


def _check(root: Path, uid: int) -> None:
    """All users may write to /var/tmp: use only a directory that we created."""
    status = root.lstat()
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == uid
    if not is_ours or stat.S_IMODE(status.st_mode) != 0o700:
        raise DatabaseError(
            f"{root} is not a directory of mode 0700 that belongs to {_USER}",
            remedy=f"see who made it, and remove it: rm -r {root}",
        )


def delete_data(home: Path) -> None:
    """Remove the data of every cluster of this home. No server may run."""
    records = home / "database"
    record = records / _RECORD
    if record.is_file() and os.geteuid() == 0:
        # The record says only that a directory exists. Its place is computed, never read from the
        # record.
        shutil.rmtree(foreign_root(home), ignore_errors=True)
    shutil.rmtree(records, ignore_errors=True)
