"""Directories for Unix sockets. The system limits a socket's path to about a hundred bytes.

They are outside the home, so a killed process leaves them behind. A file in the home, the note, has
their paths, and the next start removes them.
"""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from bonkei.base.folders import entries

LONGEST_PATH = 103  # bytes; macOS takes no more, Linux 107
_LONGEST_NAME = 24  # of a socket in such a directory
_PREFIX = "bonkei-"


def make_socket_directory() -> Path:
    """A new directory of mode 0700 with a short path, even with a long TMPDIR. Raises OSError."""
    failure = OSError("no directory for sockets can be made")
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp is safe there
        try:
            directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        except OSError as error:
            failure = error
            continue
        if len(os.fsencode(directory)) + _LONGEST_NAME <= LONGEST_PATH:
            return directory
        directory.rmdir()
    raise failure


def note_directory(directory: Path, note: Path) -> None:
    """Write the path of `directory` in the file `note`, for `remove_left`."""
    with suppress(OSError), note.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{directory}\n")


def remove_left(note: Path) -> None:
    """Remove the noted directories whose processes are gone, and the note when none remains.

    A directory with a socket that a process listens on stays as it is: the home may be a copy of
    one that runs. Files that are not sockets stay, and so does their directory.
    """
    try:
        noted = note.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    used = [path for path in map(Path, noted) if _is_ours(path) and not _remove(path)]
    with suppress(OSError):
        note.unlink()
    for path in used:
        note_directory(path, note)


def _is_ours(directory: Path) -> bool:
    """Whether `make_socket_directory` may have created it for this user."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    ours = directory.is_absolute() and directory.name.startswith(_PREFIX)
    return ours and stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _remove(directory: Path) -> bool:
    """Remove the directory unless a process still listens there. Returns whether it is gone."""
    with suppress(OSError):
        sockets = [path for path in entries(directory) if path.is_socket()]
        if not all(map(_is_dead, sockets)):
            return False
        for path in sockets:
            path.unlink()
        directory.rmdir()
    return True


def _is_dead(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        try:
            client.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except OSError:  # its queue is full
            return False
    return False
