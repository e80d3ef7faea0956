"""CPU and memory of tasks: the sums over each container's process and its children."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil

from bonkei.base.processes import family

_FRESH = 1.0  # seconds for which a sample stays valid


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu_percent` of one vCPU since the previous sample. `memory` in bytes (resident)."""

    cpu_percent: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class _Sample:
    time: float
    cpu_seconds: float
    usage: Usage


class UsageMeter:
    """Samples process trees on request, at most once a second."""

    def __init__(self) -> None:
        self._samples: dict[str, _Sample] = {}
        self._sampled_at = 0.0

    def read(self, pids: Mapping[str, Iterable[int]]) -> dict[str, Usage]:
        """Usage by task. `pids`: the processes of each task's containers."""
        now = time.monotonic()
        if now - self._sampled_at >= _FRESH or pids.keys() - self._samples.keys():
            self._sampled_at = now
            self._samples = {task: self._sample(task, roots, now) for task, roots in pids.items()}
        return {task: sample.usage for task, sample in self._samples.items() if task in pids}

    def _sample(self, task: str, roots: Iterable[int], now: float) -> _Sample:
        used = [used_by(pid) for pid in roots]
        seconds, memory = sum(each.seconds for each in used), sum(each.memory for each in used)
        before = self._samples.get(task)
        percent = 0.0
        if before is not None and now > before.time:
            percent = max(0.0, 100.0 * (seconds - before.cpu_seconds) / (now - before.time))
        return _Sample(now, seconds, Usage(round(percent, 1), memory))


@dataclass(frozen=True, slots=True)
class Used:
    """Processor seconds until now, bytes of memory, and how many processes."""

    seconds: float = 0.0
    memory: int = 0
    processes: int = 0


def used_by(pid: int) -> Used:
    """What a process and its children use."""
    used = Used()
    for process in family(pid):
        try:
            with process.oneshot():
                times = process.cpu_times()
                seconds = used.seconds + times.user + times.system
                memory = used.memory + process.memory_info().rss
        except psutil.Error:
            continue
        used = Used(seconds, memory, used.processes + 1)
    return used


def machine_seconds() -> float:
    """Processor seconds of the whole machine, with those without work."""
    return sum(psutil.cpu_times()[:8])  # Linux counts a guest's in `user`, too
