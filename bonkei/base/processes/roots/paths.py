"""Paths in a root file system. Their links belong to the image, and none may lead out of it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

_LINKS = 40
"""As the kernel's own bound (ELOOP)."""


def resolve(root: Path, path: str) -> Path:
    """Follow every link of `path` inside `root`, as chroot(2) would. The path need not exist.
    Raises ValueError if links form a circle."""
    waiting = list(reversed(PurePosixPath(path).parts))
    done: list[str] = []
    links = 0
    while waiting:
        part = waiting.pop()
        if part in ("/", ".", ""):
            continue
        if part == "..":
            done[-1:] = []
            continue
        place = root.joinpath(*done, part)
        if place.is_symlink():
            links += 1
            if links > _LINKS:
                raise ValueError(f"{path}: too many levels of symbolic links")
            target = PurePosixPath(place.readlink())
            if target.is_absolute():
                done = []
            waiting += reversed(target.parts)
            continue
        done.append(part)
    return root.joinpath(*done)


def find_program(root: Path, program: str, path: str, directory: str) -> bool:
    """Whether a command's program exists, along `path` or, if its name has a slash, in `directory`.
    The kernel looks in the same places, but explains less when it finds nothing."""
    folders = [directory] if "/" in program else path.split(os.pathsep)
    for folder in folders:
        try:
            place = resolve(root, str(PurePosixPath(folder or "/") / program))
        except ValueError:
            continue
        if place.is_file() and os.access(place, os.X_OK):
            return True
    return False
