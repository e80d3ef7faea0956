"""The folder that a miniature lives in: its state, its data, its logs, and who holds it.

    .bonkei/
    ├── terraform/       the mirror of the definitions, Terraform's state
    ├── secrets/         the secrets' values
    ├── logs/            what the containers and the database say
    ├── environments/    the containers' own Python environments
    ├── addresses        the loopback addresses that this miniature has
    └── started          which first-start commands have been run

The control socket is elsewhere (`runtime_directory`): a socket's path may be 107 bytes at most.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bonkei.errors import BonkeiError


class MiniatureError(BonkeiError):
    """What was asked cannot be done: it runs already, does not run, or did not start."""


@dataclass(frozen=True, slots=True)
class Home:
    """The paths below one home; `make` creates it, readable by its owner only."""

    path: Path

    def make(self) -> Home:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def environments(self) -> Path:
        return self.path / "environments"

    @property
    def addresses(self) -> Path:
        return self.path / "addresses"

    @property
    def started(self) -> Path:
        return self.path / "started"

    @property
    def supervisor_log(self) -> Path:
        return self.logs / "bonkei.log"

    @property
    def socket(self) -> Path:
        digest = hashlib.sha256(str(self.path).encode()).hexdigest()[:16]
        return runtime_directory() / f"{digest}.sock"

    @property
    def loopback_claims(self) -> Path:
        return runtime_directory() / "loopback"


def runtime_directory() -> Path:
    """A short-named folder that only this user can enter. MiniatureError when it is not ours."""
    directory = Path(tempfile.gettempdir()) / f"bonkei-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    safe = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    if not safe or status.st_mode & 0o077:
        raise MiniatureError(
            f"{directory} belongs to somebody else, or others may enter it",
            remedy="remove it, or set TMPDIR to a folder of your own",
        )
    return directory


class HomeLock:
    """Held by the one supervisor of a home; the kernel lets go of it when the process ends."""

    def __init__(self, home: Home) -> None:
        self._file = home.path / "lock"
        self._handle: IO[str] | None = None

    def acquire(self) -> None:
        """MiniatureError when a miniature runs from this home already."""
        handle = self._file.open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            handle.close()
            raise MiniatureError(
                f"a miniature already runs from {self._file.parent} (process {holder})",
                remedy="see it with `bonkei status`, stop it with `bonkei down`, or give this one "
                "its own BONKEI_HOME, BONKEI_EDGE_PORT and BONKEI_ALB_PORT",
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            self._handle.truncate(0)
            self._handle.close()
            self._handle = None


def is_running(home: Home) -> bool:
    """Whether some supervisor holds this home."""
    if not home.path.is_dir():
        return False
    lock = HomeLock(home)
    try:
        lock.acquire()
    except MiniatureError:
        return True
    lock.release()
    return False
