"""The place of a cluster's files and the server's user; see docs/decisions/database.md.

PostgreSQL refuses to run as root. Under root it runs as `nobody`, with all its files in a directory
outside the home, because nothing in a private home may be opened for another user.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bonkei.services.rds import identity
from bonkei.services.rds.claims import left_behind, new_root, orphaned, read_claim, write_claim
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.identity import remove_but_id

_USER = "nobody"


@dataclass(frozen=True, slots=True)
class Place:
    """`root` contains the clusters' data (mode 0700). `uid`, `gid`: None for this process's own.
    `notes`: what people should know about other data."""

    root: Path
    uid: int | None = None
    gid: int | None = None
    notes: tuple[str, ...] = ()

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
    with _alone(records):
        return _find_foreign(home)


def require_whole(home: Path) -> None:
    """Raises DatabaseError if the home's id or the record of the place is damaged. Touches
    nothing."""
    identity.require_whole(home)
    if os.geteuid() == 0:
        read_claim(home, pwd.getpwnam(_USER).pw_uid)


def _find_foreign(home: Path) -> Place:
    """A directory that another home has, or may have, is never used: this home gets a new one."""
    user = pwd.getpwnam(_USER)
    claim = read_claim(home, user.pw_uid)
    root = claim.held or new_root()
    place = Place(root, user.pw_uid, user.pw_gid)
    if claim.held is None:
        root.mkdir(mode=0o700)
        place.give(root)
    write_claim(root, home)
    notes = [f"{claim.refusal}; here the database began empty"] if claim.refusal else []
    notes += [
        f"{left} keeps the database of an earlier home at this path; to use it again, stop, and "
        f"echo {left} > {home / 'database' / 'location'}; if it is not needed: rm -r {left}"
        for left in left_behind(home, root, user.pw_uid)
    ]
    if gone := " ".join(map(str, orphaned(user.pw_uid))):
        notes.append(f"databases of homes that were deleted: if no one needs them: rm -r {gone}")
    return Place(root, user.pw_uid, user.pw_gid, tuple(notes))


@contextmanager
def _alone(records: Path) -> Iterator[None]:
    """Several clusters of a home start at the same time, and a new home gets one directory."""
    descriptor = os.open(records, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def delete_data(home: Path) -> None:
    """Remove the data of every cluster of this home, and nothing that may be another home's. No
    server may run. The id stays that this home has on a server of the user."""
    if os.geteuid() == 0 and (held := _held(home)) is not None:
        shutil.rmtree(held, ignore_errors=True)
    with suppress(OSError):  # `Home.remove` names what stays
        remove_but_id(home)


def _held(home: Path) -> Path | None:
    try:
        return read_claim(home, pwd.getpwnam(_USER).pw_uid).held
    except DatabaseError:  # the record or its directory is not ours
        return None
