"""The lock of a home: one supervisor holds it."""

from __future__ import annotations

import fcntl
import os
import time
from typing import IO

from bonkei.miniature.home import Home, MiniatureError

_MOMENT, _POLL = 10.0, 0.01  # seconds to get the lock on a busy machine, and between two attempts


class HomeLock:
    """The only supervisor of a home holds it. The kernel releases it when the process ends."""

    def __init__(self, home: Home) -> None:
        self._file = home.path / "lock"
        self._handle: IO[str] | None = None

    def acquire(self) -> None:
        """Raises MiniatureError if a miniature already runs from this home."""
        handle = self._file.open("a+")
        end = time.monotonic() + _MOMENT
        while not (is_held := _lock(handle, fcntl.LOCK_EX)):
            # Where a shared lock is possible, only `is_running` holds one, for a moment.
            if not _lock(handle, fcntl.LOCK_SH) or time.monotonic() > end:
                break
            fcntl.flock(handle, fcntl.LOCK_UN)
            time.sleep(_POLL)
        if not is_held:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            handle.close()
            raise MiniatureError(
                f"a miniature already runs from {self._file.parent} (process {holder})",
                remedy="see it with `bonkei status`, stop it with `bonkei down`, or give this one "
                "its own BONKEI_HOME, BONKEI_EDGE_PORT, BONKEI_ALB_PORT and BONKEI_CLOUD_PORT",
            )
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            self._handle.truncate(0)
            self._handle.close()
            self._handle = None


def require_free(home: Home) -> None:
    """Raises MiniatureError if a miniature already runs from this home. A start asks before it
    imports the miniature; it then takes the lock all the same."""
    if is_running(home):
        lock = HomeLock(home)
        lock.acquire()  # says who holds it
        lock.release()


def _lock(handle: IO[str], kind: int) -> bool:
    """Whether it is this process's now."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(home: Home) -> int | None:
    """The process that holds this home, from the lock file; or None."""
    if not is_running(home):
        return None
    number = (home.path / "lock").read_text(encoding="utf-8").strip()
    return int(number) if number.isdigit() else None


def is_running(home: Home) -> bool:
    """Whether a supervisor holds this home. Writes nothing."""
    try:
        with (home.path / "lock").open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
