"""The limits of one build on this machine: disk and processes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from bonkei.services.codebuild.errors import PhaseError

_LOOK = 0.5  # seconds between two looks, at least
_RATIO = 10  # a check may take at most a tenth of the time
_LEAST_FREE = 200_000_000  # bytes that a build leaves on the disk


class Guard:
    """Checks a build's folder and its processes."""

    def __init__(self, folder: Path, disk: int, processes: int) -> None:
        self._folder = folder
        self._disk = disk
        self._processes = processes

    async def watch(self, pids: Callable[[], Sequence[int]]) -> PhaseError:
        """Returns the reason when a limit is exceeded."""
        while True:
            began = time.monotonic()
            found = await asyncio.to_thread(self._look, pids)
            if found:
                return PhaseError("COMMAND_EXECUTION_ERROR", found)
            took = time.monotonic() - began
            await asyncio.sleep(max(_LOOK, took * _RATIO))

    def _look(self, pids: Callable[[], Sequence[int]]) -> str:
        count = len(pids())
        if count > self._processes:
            return f"the build has {count} processes; it may have {self._processes}"
        used = size(self._folder)
        if used > self._disk:
            limit = self._disk // 1_000_000
            return f"the build has written {used // 1_000_000} MB; it may write {limit} MB"
        with suppress(OSError):
            left = os.statvfs(self._folder)
            if left.f_bavail * left.f_frsize < _LEAST_FREE:
                return "the disk is full: a build leaves 200 MB of it"
        return ""


def size(folder: Path) -> int:
    """Bytes on disk below a folder. Files that cannot be seen are not counted."""
    total, waiting = 0, [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total
