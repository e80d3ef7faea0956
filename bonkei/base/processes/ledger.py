"""Process groups, remembered below home until they have ended. Each has a file.

The file's name is the group's number, and its content is the start time of the leader. If the
system has given the number to another process meanwhile, the start time differs, and that process
is left alone.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil

from bonkei.base.folders import below, entries, text_of

_SAME_START = 1.0  # seconds: the clock's resolution and its adjustments


class Ledger:
    """The directory `<home>/processes`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add(self, group: int) -> None:
        """Remember a group that has just started. Its leader may have ended already."""
        try:
            started = psutil.Process(group).create_time()
        except psutil.Error:
            return
        (self._directory / str(group)).write_text(f"{started}\n", encoding="ascii")

    def remove(self, group: int) -> None:
        (self._directory / str(group)).unlink(missing_ok=True)

    def clean_up(self) -> tuple[int, ...]:
        """Kill every recorded group that still runs, and forget all. Returns the killed groups."""
        found = {int(file.name): file for file in entries(self._directory) if _is_entry(file)}
        killed = tuple(g for g, file in found.items() if _kill_if_ours(g, _started(file)))
        for file in found.values():
            file.unlink(missing_ok=True)
        return killed


def living(directory: Path) -> tuple[int, ...]:
    """The groups that the ledgers below `directory` know, and that still run."""
    found = [file for file in below(directory) if _is_entry(file)]
    return tuple(
        int(file.name)
        for file in found
        if (started := _started(file)) is not None and _is_ours(int(file.name), started)
    )


def _is_entry(file: Path) -> bool:
    return file.name.isdecimal()


def _started(file: Path) -> float | None:
    try:
        return float(text_of(file) or "")
    except ValueError:  # written half, when power failed; or another process has removed it
        return None


def _kill_if_ours(group: int, started: float | None) -> bool:
    if started is None or not _is_ours(group, started):
        return False
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _is_ours(group: int, started: float) -> bool:
    """Whether the group that was recorded runs."""
    if group <= 1:
        return False
    try:
        return abs(psutil.Process(group).create_time() - started) <= _SAME_START
    except psutil.NoSuchProcess:
        # The leader is gone. While a member lives, the system does not reuse the number.
        return _has_members(group, started)
    except psutil.Error:
        return False


def _has_members(group: int, started: float) -> bool:
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group:
                return process.create_time() >= started - _SAME_START
        except (OSError, psutil.Error):
            continue
    return False
