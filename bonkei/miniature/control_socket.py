"""Where a supervisor's socket is: in the home, where every command finds it, or written down there.

A socket's path may be 107 bytes at most (103 on macOS), and some file systems know no sockets. Then
it lies in a short-named directory of its own, and the home holds its path. So it is found whatever
TMPDIR says where a command is run.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from bonkei.miniature.home import Home, MiniatureError

_LONGEST = 103  # bytes
_NAME = "control.sock"


def open_socket(home: Home) -> socket.socket:
    """Listen for the commands, as the one supervisor of this home; only its user may connect.

    What a killed supervisor has left is removed. MiniatureError when no path can be had.
    """
    close_socket(home)
    where = _NAME  # a home that is moved takes it along
    try:
        listener = _listen(home.path / _NAME)
    except OSError:
        where, listener = _listen_elsewhere()
    home.control.write_text(f"{where}\n", encoding="utf-8", errors="surrogateescape")
    return listener


def find_socket(home: Home) -> Path | None:
    """Where the supervisor of a home listens, or has listened; None when that is not known."""
    try:
        where = home.control.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return home.path / where.removesuffix("\n")


def close_socket(home: Home) -> None:
    """Remove the socket and what says where it is."""
    path = find_socket(home)
    (home.path / _NAME).unlink(missing_ok=True)
    if path is not None and path.parent != home.path and path.name == _NAME:
        with suppress(OSError):  # somebody has tidied up
            path.unlink()
            path.parent.rmdir()
    home.control.unlink(missing_ok=True)


def _listen(path: Path) -> socket.socket:
    """OSError when the path is too long, or cannot be a socket."""
    if len(os.fsencode(path)) > _LONGEST:
        raise OSError("the path is too long for a socket")
    listener = socket.socket(socket.AF_UNIX)
    previous = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen()
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(previous)
    return listener


def _listen_elsewhere() -> tuple[str, socket.socket]:
    """In a new directory that only this user can enter."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp is safe there
        try:
            directory = Path(tempfile.mkdtemp(prefix="bonkei-", dir=parent))
        except OSError:
            continue
        try:
            return str(directory / _NAME), _listen(directory / _NAME)
        except OSError:
            shutil.rmtree(directory, ignore_errors=True)
    raise MiniatureError(
        "the commands have no way to reach the miniature: no socket can be made in its home, and "
        f"none in {tempfile.gettempdir()}",
        remedy="set TMPDIR to a directory with a short name that can be written to",
    )
