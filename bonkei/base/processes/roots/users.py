"""The user of a root file system's process, looked up in its own files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bonkei.base.processes.roots.paths import resolve

_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class User:
    """A user of an image. `home` is a path in the root file system."""

    uid: int = 0
    gid: int = 0
    home: str = "/"


def find_user(root: Path, text: str) -> User:
    """Look up a Dockerfile's `USER`: NAME, UID, NAME:GROUP or UID:GID. An empty text means root.
    Raises LookupError for a name that the image does not know."""
    name, _, group = (text or "0").partition(":")
    entries = [line.split(":") for line in _lines(root, "/etc/passwd")]
    users = [each for each in entries if len(each) > 5 and name in (each[0], each[2])]
    uid = int(name) if name.isdecimal() else _number(users, name, "user")
    gid = int(users[0][3]) if users and users[0][3].isdecimal() else 0
    if group:
        groups = [line.split(":") for line in _lines(root, "/etc/group")]
        named = [each for each in groups if len(each) > 2 and each[0] == group]
        gid = int(group) if group.isdecimal() else _number(named, group, "group")
    return User(uid, gid, users[0][5] if users else "/")


def _number(entries: list[list[str]], name: str, kind: str) -> int:
    if not entries or not entries[0][2].isdecimal():
        raise LookupError(f"unable to find {kind} {name}: no matching entries in its files")
    return int(entries[0][2])


def _lines(root: Path, path: str) -> list[str]:
    try:
        with resolve(root, path).open(encoding="utf-8", errors="replace") as file:
            return file.read(_BYTES).splitlines()
    except (OSError, ValueError):
        return []
