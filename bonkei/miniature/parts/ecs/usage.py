"""CPU and memory of tasks over time: for each second while a page shows them, otherwise for each
minute.

Nothing is measured for the console alone. It records every snapshot that another part takes, and
the monitor takes one each minute.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from bonkei.services.ecs.snapshot import TasksSnapshot

FINE_SECONDS, FINE_POINTS = 1.0, 180
COARSE_SECONDS, COARSE_POINTS = 60.0, 1440  # a day
MOST_TASKS = 500
_EARLY = 0.5  # seconds that a snapshot may come before its time


@dataclass(frozen=True, slots=True)
class Series:
    """Times are in Unix seconds, CPU in percent of one vCPU, memory in bytes."""

    times: tuple[float, ...] = ()
    cpu: tuple[float, ...] = ()
    memory: tuple[float, ...] = ()


class Usage:
    """By the ids of the existing tasks."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}

    def note(self, snapshot: TasksSnapshot, now: float) -> None:
        """Record this snapshot. Tasks that no longer exist are forgotten."""
        known = self._tracks
        self._tracks = {
            task.id: known.get(task.id) or _Track() for task in snapshot.tasks[:MOST_TASKS]
        }
        for task in snapshot.tasks[:MOST_TASKS]:
            self._tracks[task.id].add(now, task.cpu_percent, float(task.memory))

    def series(self, task_id: str, seconds: float, now: float) -> Series:
        """The last `seconds` of a task: fine points if there are any, otherwise coarse ones."""
        track = self._tracks.get(task_id)
        if track is None:
            return Series()
        points = [p for p in track.points() if p[0] >= now - seconds]
        return Series(*(tuple(column) for column in zip(*points, strict=True)))

    @property
    def size(self) -> int:
        """How many points are kept."""
        return sum(len(one.fine) + len(one.coarse) for one in self._tracks.values()) // 3


@dataclass(slots=True)
class _Track:
    """Flat: time, CPU, memory, and again."""

    fine: array[float] = field(default_factory=lambda: array("d"))
    coarse: array[float] = field(default_factory=lambda: array("d"))

    def add(self, now: float, cpu: float, memory: float) -> None:
        _add(self.fine, FINE_SECONDS, FINE_POINTS, (now, cpu, memory))
        _add(self.coarse, COARSE_SECONDS, COARSE_POINTS, (now, cpu, memory))

    def points(self) -> list[tuple[float, float, float]]:
        fine = _points(self.fine)
        first = fine[0][0] if fine else float("inf")
        return [point for point in _points(self.coarse) if point[0] < first] + fine


def _add(kept: array[float], apart: float, most: int, point: tuple[float, float, float]) -> None:
    while kept and kept[-3] > point[0]:  # the clock was set back
        del kept[-3:]
    if kept and point[0] - kept[-3] < apart - min(_EARLY, apart / 10):
        return
    kept.extend(point)
    if len(kept) > 3 * most:
        del kept[: len(kept) - 3 * most]


def _points(kept: array[float]) -> list[tuple[float, float, float]]:
    return [(kept[i], kept[i + 1], kept[i + 2]) for i in range(0, len(kept), 3)]
