"""What begins a round: the system's file events, checks of single files, and keys."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import termios
import tty
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path

from watchfiles import DefaultFilter, awatch

from bonkei.base.folders import text_of
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
    files.

    The system forgets a folder that is removed, also when it is made again (by git, which checks
    out a branch without it and comes back). So it is watched again, and counts as changed.
    """
    known = {folder: _identity(folder) for folder in sorted(folders)}
    made: frozenset[Path] = frozenset()
    while known:
        lost: frozenset[Path] = frozenset()
        try:
            async with aclosing(_changes([each for each in known if known[each]])) as rounds:
                async for found in rounds:
                    if changed := found | made:
                        yield changed
                    made = frozenset()
                    # A new folder may have the inode of the old one.
                    lost = found & known.keys() | {f for f in known if known[f] != _identity(f)}
                    if lost:
                        break
        except FileNotFoundError:  # one has gone just now
            await asyncio.sleep(_POLL)
        except (OSError, RuntimeError) as error:
            raise MiniatureError(
                f"the files cannot be watched: {error}",
                remedy="on Linux, raise fs.inotify.max_user_watches",
            ) from None
        known = {folder: _identity(folder) for folder in known}
        made |= {folder for folder in lost if known[folder]}


async def _changes(folders: Sequence[Path]) -> AsyncGenerator[frozenset[Path]]:
    """Changes in folders that are there; nothing from time to time."""
    while not folders:
        await asyncio.sleep(_LOOK)
        yield frozenset()
    async for found in awatch(
        *folders, watch_filter=EditFilter(), step=_QUIET, debounce=_LONGEST,
        rust_timeout=int(_LOOK * 1000), yield_on_timeout=True,
    ):  # fmt: skip
        yield frozenset(Path(name) for _, name in found)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


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
    places = (_git(folder) for folder in (root, *root.parents))
    git = next((place for place in places if place is not None), None)
    for _ in range(int(_GIT / _POLL)):
        if git is None or not (git / "index.lock").exists():
            return
        await asyncio.sleep(_POLL)


def _git(folder: Path) -> Path | None:
    """The place of git's index, if this is a working tree. A worktree and a submodule have a file
    that names it."""
    there = folder / ".git"
    words = (text_of(there) or "").partition("gitdir: ")[2].strip()
    if words:
        return folder / words
    return there if there.is_dir() else None


def empty(pressed: asyncio.Queue[str]) -> None:
    """Forget the keys so far."""
    while not pressed.empty():
        pressed.get_nowait()


@contextmanager
def keys(pressed: asyncio.Queue[str]) -> Iterator[bool]:
    """Put each pressed key into the queue. False without a terminal, and in its background."""
    if not sys.stdin.isatty() or _is_in_background(sys.stdin.fileno()):
        yield False
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            found = os.read(descriptor, 64)
        except OSError:  # the terminal is closed
            found = b""
        if not found:
            loop.remove_reader(descriptor)
        for key in found.decode(errors="replace"):
            pressed.put_nowait(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield True
    finally:
        loop.remove_reader(descriptor)
        with suppress(termios.error):  # it is closed
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _is_in_background(terminal: int) -> bool:
    """Whether the system would stop this program for a change of the terminal, as after
    `bonkei watch > log &`."""
    with suppress(OSError):  # a terminal of another session has no background
        return os.tcgetpgrp(terminal) != os.getpgrp()
    return False
