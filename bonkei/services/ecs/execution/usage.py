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
        seconds, memory = 0.0, 0
        for process in (one for pid in roots for one in family(pid)):
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    seconds += times.user + times.system
                    memory += process.memory_info().rss
            except psutil.Error:
                continue
        before = self._samples.get(task)
        percent = 0.0
        if before is not None and now > before.time:
            percent = max(0.0, 100.0 * (seconds - before.cpu_seconds) / (now - before.time))
        return _Sample(now, seconds, Usage(round(percent, 1), memory))
