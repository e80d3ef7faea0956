"""Directories for Unix sockets. The system limits a socket's path to about a hundred bytes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

LONGEST_PATH = 103  # bytes; macOS takes no more, Linux 107
_LONGEST_NAME = 24  # of a socket in such a directory


def make_socket_directory() -> Path:
    """A new directory of mode 0700 with a short path, even with a long TMPDIR. Raises OSError."""
    failure = OSError("no directory for sockets can be made")
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp is safe there
        try:
            directory = Path(tempfile.mkdtemp(prefix="bonkei-", dir=parent))
        except OSError as error:
            failure = error
            continue
        if len(os.fsencode(directory)) + _LONGEST_NAME <= LONGEST_PATH:
            return directory
        directory.rmdir()
    raise failure
