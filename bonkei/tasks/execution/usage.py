"""CPU and memory of tasks: the sums over each container's process and its children."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_CHILDREN = Path("/proc/thread-self/children")  # Linux has such lists
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
        for process in _with_children(roots):
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


def _with_children(roots: Iterable[int]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for pid in roots:
        try:
            process = psutil.Process(pid)
            below = _descendants(pid)
            if below is None:
                found += [process, *process.children(recursive=True)]
            else:
                found += [process, *(each for one in below if (each := _process(one)))]
        except psutil.Error:
            continue
    return found


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _descendants(pid: int) -> list[int] | None:
    """From Linux's lists of children. psutil does not use them: it reads every process of the
    machine. None if these lists do not exist."""
    if not _CHILDREN.exists():
        return None
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for file in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with suppress(OSError, ValueError):  # it has ended meanwhile
                children = [int(one) for one in file.read_text().split()]
                found += children
                waiting += children
    return found
