"""One Terraform at a time on one state."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from bonkei.terraform.errors import TerraformError


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock, or raise TerraformError. The kernel releases it when the process ends."""
    with file.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise TerraformError(
                f"Terraform is already working on {file.parent} (process {handle.read().strip()})",
                remedy="wait for it to end, or use another BONKEI_HOME",
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
