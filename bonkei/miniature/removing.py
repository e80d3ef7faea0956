"""Removes what a miniature has left. Light: nothing of a miniature runs for that."""

from __future__ import annotations

from bonkei.base.folders import matching
from bonkei.base.sockets import remove_left
from bonkei.miniature.control.socket_file import close_socket
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lock import HomeLock, is_running
from bonkei.services.rds.place import delete_data


def require_stopped(home: Home) -> None:
    """Raises MiniatureError while a miniature runs from this home."""
    if is_running(home):
        raise MiniatureError("the miniature is running", remedy="stop it first: `bonkei down`")


def reset(home: Home) -> list[str]:
    """Remove everything of a stopped miniature, including its files outside the home.

    Files in the home that are not Bonkei's stay; returns their names.
    """
    home.require_ours()
    lock = HomeLock(home)  # no other miniature starts meanwhile
    lock.acquire()
    try:
        delete_data(home.path)
        close_socket(home)  # the sockets of a killed one, which were outside the home
        for note in (home.sockets, *matching(home.path, "terraform/sockets"),
                     *matching(home.evaluated, "*/terraform/sockets")):  # fmt: skip
            remove_left(note)
        return home.remove()
    finally:
        lock.release()
