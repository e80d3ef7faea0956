"""CPU and memory of a server: the postmaster's process and its backends."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from bonkei.base.processes import family

_FRESH = 1.0  # seconds for which a sample stays valid


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu_percent` of one CPU since the previous sample. `memory` in bytes; shared pages count
    once."""

    cpu_percent: float = 0.0
    memory: int = 0


class UsageMeter:
    """Samples when asked, at most once a second."""

    def __init__(self) -> None:
        self._usage = Usage()
        self._time = 0.0
        self._seconds = 0.0

    def read(self, pid: int | None) -> Usage:
        """Nothing is used when there is no process."""
        if pid is None:
            return Usage()
        now = time.monotonic()
        if now - self._time >= _FRESH:
            seconds, memory = _measure(pid)
            percent = 100.0 * (seconds - self._seconds) / (now - self._time) if self._time else 0.0
            self._usage = Usage(round(max(0.0, percent), 1), memory)
            self._time, self._seconds = now, seconds
        return self._usage


def _measure(pid: int) -> tuple[float, int]:
    seconds, memory = 0.0, 0
    for process in family(pid):
        try:
            with process.oneshot():
                times, sizes = process.cpu_times(), process.memory_info()
        except psutil.Error:
            continue
        seconds += times.user + times.system
        # Linux reports shared pages separately; count them once, for the postmaster.
        shared = getattr(sizes, "shared", 0) if process.pid != pid else 0
        memory += max(0, sizes.rss - shared)
    return seconds, memory
