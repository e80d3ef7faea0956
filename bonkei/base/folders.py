"""Reads folders and files that other programs change at the same time. A file that has vanished
counts as absent.

An editor writes in the definitions, retention removes logs, and a release removes images. Between
two system calls a name may go. The methods of pathlib then raise FileNotFoundError, also `glob`
and `rglob`, which forgive only a folder that is missing from the start. These functions do not.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

MADE = frozenset({"node_modules", "vendor", "target", "dist", "build", "venv", "__pycache__"})
"""Folders that tools make, in other people's sources."""
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


def entries(folder: Path) -> list[Path]:
    """List a folder in the order of names. The result is empty if there is no such folder."""
    try:
        return sorted(folder.iterdir())
    except _ABSENT:
        return []


def matching(folder: Path, pattern: str) -> list[Path]:
    """List the paths that `glob` finds, in the order of names."""
    return sorted({*_matching(folder, PurePosixPath(pattern).parts)})


def _matching(folder: Path, parts: Sequence[str]) -> list[Path]:
    first, *rest = parts
    try:
        if first == "**":
            inner = [each for each in entries(folder) if each.is_dir() and not each.is_symlink()]
            here = _matching(folder, rest) if rest else [folder]
            return [*here, *(one for each in inner for one in _matching(each, parts))]
        if any(character in first for character in "*?["):
            found = [each for each in entries(folder) if fnmatchcase(each.name, first)]
        else:
            found = [folder / first] if (folder / first).exists() else []
    except PermissionError:  # which `glob` forgives, too
        return []
    return [one for each in found for one in _matching(each, rest)] if rest else found


def below(folder: Path, *endings: str) -> list[Path]:
    """List the files in a folder and its subfolders whose names end like this, in order. Links to
    folders are not followed."""
    found = []
    for place, _, files in os.walk(folder):
        found += [Path(place, name) for name in files if name.endswith(endings or ("",))]
    return sorted(found)


def text_of(file: Path) -> str | None:
    """Read a file's text. The result is None if the file is gone or is a broken link."""
    content = bytes_of(file)
    return None if content is None else content.decode("utf-8", "replace")


def bytes_of(file: Path) -> bytes | None:
    """Read a file's content. The result is None if the file is gone or is a broken link."""
    with suppress(*_ABSENT):
        return file.read_bytes()
    return None


def stat_of(path: Path) -> os.stat_result | None:
    """Ask the system about a file or a folder. The result is None if it is gone."""
    with suppress(*_ABSENT):
        return path.stat()
    return None


def size_of(file: Path) -> int:
    """A file's size in bytes; 0 if it is gone."""
    found = stat_of(file)
    return found.st_size if found else 0


def changed_at(path: Path) -> float:
    """When a path was last changed, in Unix seconds; 0 if it is gone."""
    found = stat_of(path)
    return found.st_mtime if found else 0.0
