"""A server's log, limited in size: its content moves to `.1`, and no line is lost or doubled.

Each process of PostgreSQL writes to the open file that it was born with. So the file itself stays:
it is copied, then cut. The server is suspended while the last lines are copied and the file is cut,
for a few milliseconds: a line written between the two would be lost.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bonkei.base.folders import size_of
from bonkei.base.processes import family

_LIMIT = 50 * 1024 * 1024  # bytes
_PATIENCE = 0.25  # seconds; a process that waits for the disk stops only after that
_LOOK = 0.0005
_STILL = (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


async def rotate(log: Path, pid: int | None) -> None:
    """Move the content of a log that is too large. `pid`: the postmaster, while it runs. Nothing
    moves while it cannot be stopped: the next call tries again. Raises OSError of a full disk."""
    if size_of(log) <= _LIMIT:
        return
    draft = log.with_name(f"{log.name}.new")
    try:
        with log.open("rb") as source, draft.open("wb") as copy:
            await asyncio.to_thread(shutil.copyfileobj, source, copy)
            with _standstill(pid) as stands:
                shutil.copyfileobj(source, copy)
                copy.flush()
                if stands:
                    draft.replace(log.with_name(f"{log.name}.1"))
                    os.truncate(log, 0)
    finally:
        draft.unlink(missing_ok=True)


def resume(directory: Path) -> None:
    """Resume the suspended processes of a directory, after a miniature was killed during a
    rotation. They would never notice that their postmaster is gone."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_STOPPED and process.cwd() == str(directory):
                process.resume()


@contextmanager
def _standstill(pid: int | None) -> Iterator[bool]:
    """Suspend all processes of the server within the block, and tell whether that succeeded. Those
    that were suspended before, such as by a fault, stay suspended."""
    held: dict[int, psutil.Process] = {}
    try:
        yield pid is None or _stops(pid, held)
    finally:
        for process in reversed(held.values()):
            with suppress(psutil.Error):
                process.resume()


def _stops(pid: int, held: dict[int, psutil.Process]) -> bool:
    """Suspend the parents first, so that they cannot start more."""
    while new := [process for process in family(pid) if process.pid not in held]:
        if any(_state(process) == psutil.STATUS_STOPPED for process in new):
            return False
        for process in new:
            held[process.pid] = process
            with suppress(psutil.Error):
                process.suspend()
    return _stand(held.values())


def _stand(processes: Iterable[psutil.Process]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    for process in processes:
        while _state(process) not in _STILL:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK)
    return True


def _state(process: psutil.Process) -> str:
    try:
        return str(process.status())
    except psutil.Error:
        return str(psutil.STATUS_DEAD)
