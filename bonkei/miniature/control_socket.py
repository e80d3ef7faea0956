"""Where a supervisor's socket is: in the home, where every command finds it, or written down there.

A socket's path may be 107 bytes at most (103 on macOS), and some file systems know no sockets. Then
it lies in a short-named directory of its own, and the home holds its path. So it is found whatever
TMPDIR says where a command is run.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from bonkei.miniature.home import Home, MiniatureError
from bonkei.sockets import LONGEST_PATH, make_socket_directory

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
    if len(os.fsencode(path)) > LONGEST_PATH:
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
    try:
        path = make_socket_directory() / _NAME
        return str(path), _listen(path)
    except OSError as error:
        raise MiniatureError(
            "the commands have no way to reach the miniature: no socket can be made in its home, "
            f"and none elsewhere: {error}",
            remedy="set TMPDIR to a directory with a short name that can be written to",
        ) from None
