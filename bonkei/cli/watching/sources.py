"""The sources of a round: the system's file events, checks of single files, keys."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchfiles import DefaultFilter, awatch

from bonkei.miniature.home import MiniatureError

_QUIET = 50  # milliseconds without another change that end a round
_LONGEST = 1_000  # milliseconds of a round while changes go on
_LOOK = 1.0  # seconds between two looks at single files
_GIT = 10.0  # seconds for git to finish a checkout
_POLL = 0.05


class EditFilter(DefaultFilter):
    """Without editors' temporary files, caches, and the files that Terraform and Bonkei write."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, ".terraform", ".bonkei", ".ruff_cache")
    ignore_entity_patterns = (
        *DefaultFilter.ignore_entity_patterns, r"^4913$", r"^\.?#.*#?$", r"\.(tmp|temp|bak|orig)$",
        r"^\.terraform\.lock\.hcl$",
    )  # fmt: skip


async def changes(folders: Iterable[Path]) -> AsyncIterator[frozenset[Path]]:
    """Each set of files that changed together. Raises MiniatureError if the system cannot watch
    files."""
    try:
        async for found in awatch(
            *sorted(folders), watch_filter=EditFilter(), step=_QUIET, debounce=_LONGEST
        ):
            yield frozenset(Path(name) for _, name in found)
    except (OSError, RuntimeError) as error:
        raise MiniatureError(
            f"the files cannot be watched: {error}",
            remedy="on Linux, raise fs.inotify.max_user_watches",
        ) from None


async def looks(files: Iterable[Path]) -> AsyncIterator[frozenset[Path]]:
    """Single files that have changed since the last check. Their folders may be the home's."""
    before = {file: _stamp(file) for file in files}
    while before:
        await asyncio.sleep(_LOOK)
        now = {file: _stamp(file) for file in before}
        if changed := frozenset(file for file in now if now[file] != before[file]):
            yield changed
        before = now


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


async def wait_for_git(root: Path) -> None:
    """Wait until a checkout in progress has ended, because its files belong to one round."""
    lock = next((p / ".git" / "index.lock" for p in (root, *root.parents) if (p / ".git").is_dir()),
                None)  # fmt: skip
    for _ in range(int(_GIT / _POLL)):
        if lock is None or not lock.exists():
            return
        await asyncio.sleep(_POLL)


@contextmanager
def keys(pressed: asyncio.Queue[str]) -> Iterator[bool]:
    """Put each pressed key into the queue. False when there is no terminal."""
    if not sys.stdin.isatty():
        yield False
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        for key in os.read(descriptor, 64).decode(errors="replace"):
            pressed.put_nowait(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield True
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
