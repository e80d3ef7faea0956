"""Lets only one Terraform work on a state at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from bonkei.definitions.terraform.errors import TerraformError

PATIENCE = 10.0  # seconds: `bonkei watch` may be planning what was saved just now
_POLL = 0.05


def _never() -> bool:
    """Wait as long as possible."""
    return False


@contextlib.contextmanager
def locked(file: Path, is_over: Callable[[], bool] = _never) -> Iterator[None]:
    """Hold the lock. Raises TerraformError if another process works for long, or if `is_over` ends
    the wait. The kernel releases the lock when the process ends."""
    with file.open("a+", encoding="utf-8") as handle:
        end = time.monotonic() + PATIENCE
        while not _take(handle):
            if is_over() or time.monotonic() > end:
                handle.seek(0)
                raise TerraformError(
                    f"Terraform is already working on {file.parent} "
                    f"(process {handle.read().strip()})",
                    remedy="wait for it to end, or use another BONKEI_HOME",
                )
            time.sleep(_POLL)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _take(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
