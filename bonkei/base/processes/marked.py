"""Processes with a mark in their environment. They are everything that a command has started, even
if it has left its process group and its parents."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "BONKEI_SESSION"
_PATIENCE = 5.0  # seconds until SIGKILL, and after it
_POLL = 0.02
_OWN = Path("/proc/self/environ")  # Linux has such files


def end_marked(mark: str) -> None:
    """Ask the processes with this mark to end, and kill those that do not. Waits for them, but not
    indefinitely: one that waits for a disk cannot be killed."""
    if not (left := _marked(mark, psutil.pids())):
        return
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):  # a shell ignores the second
        _send(left, number)
    until = time.monotonic() + _PATIENCE
    while left and time.monotonic() < until:
        time.sleep(_POLL)
        left = _marked(mark, left)
    until = time.monotonic() + _PATIENCE
    # Also what they have started meanwhile.
    while (left := _marked(mark, psutil.pids())) and time.monotonic() < until:
        _send(left, signal.SIGKILL)
        time.sleep(_POLL)


def _send(processes: Iterable[int], number: int) -> None:
    for pid in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _marked(mark: str, processes: Iterable[int]) -> list[int]:
    """Find the processes with the mark. A process that has ended has no environment, even if its
    parent has not waited for it."""
    read = _read if _OWN.exists() else _ask
    found = []
    for pid in processes:
        with suppress(psutil.Error, OSError):  # another user's, or it ends meanwhile
            if read(pid, mark):
                found.append(pid)
    return found


def _read(pid: int, mark: str) -> bool:
    """Read one process directly. This takes a sixth of the time of `_ask`, and there may be
    thousands of processes."""
    with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - a Path costs more than the reading
        return f"{MARK}={mark}".encode() in file.read().split(b"\0")


def _ask(pid: int, mark: str) -> bool:
    return bool(psutil.Process(pid).environ().get(MARK) == mark)
