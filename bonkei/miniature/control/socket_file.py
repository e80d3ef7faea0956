"""The place of a supervisor's socket: in the home, or elsewhere with its path in the home.

A socket's path may have at most 107 bytes (103 on macOS), and some file systems have no sockets.
Then the socket is in a directory with a short name, and the home has its path. So every command
finds it, even with a different TMPDIR.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from bonkei.base.sockets import LONGEST_PATH, make_socket_directory
from bonkei.miniature.home import Home, MiniatureError

_NAME = "control.sock"


def open_socket(home: Home) -> socket.socket:
    """Listen for commands, as the only supervisor of this home. Only its user may connect.

    Files of a killed supervisor are removed. Raises MiniatureError if no path is possible.
    """
    close_socket(home)
    where = _NAME  # relative, so that the home can be moved
    try:
        listener = _listen(home.path / _NAME)
    except OSError:
        where, listener = _listen_elsewhere()
    _note(home, where)
    return listener


def _note(home: Home, where: str) -> None:
    """As a whole: a command that looks at this moment finds no half of a path."""
    written = home.control.with_name(f"{home.control.name}.new")
    written.write_text(f"{where}\n", encoding="utf-8", errors="surrogateescape")
    written.replace(home.control)


def find_socket(home: Home) -> Path | None:
    """The path of the current or last supervisor's socket; None if it is unknown."""
    try:
        where = home.control.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return home.path / where.removesuffix("\n")


def close_socket(home: Home) -> None:
    """Remove the socket and the file with its place."""
    path = find_socket(home)
    (home.path / _NAME).unlink(missing_ok=True)
    if path is not None and path.parent != home.path and path.name == _NAME:
        with suppress(OSError):  # it has been tidied up
            path.unlink(missing_ok=True)  # Python 3.13 removes it when it closes the server
            path.parent.rmdir()
    home.control.unlink(missing_ok=True)


def _listen(path: Path) -> socket.socket:
    """Raises OSError if the path is too long, or cannot be a socket."""
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
