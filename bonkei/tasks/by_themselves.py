"""Tasks that were started without a waiting caller, and the last ones that ended."""

from __future__ import annotations

from collections import deque

from bonkei.tasks.scheduling.lifecycle import TaskLifecycle
from bonkei.tasks.scheduling.scheduler import Scheduler

_REMEMBERED = 100
"""ECS describes a stopped task for at least an hour. Here it is the last tasks, however old."""


class ByThemselves:
    """Tasks in the manner of `ecs run-task`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._running: set[str] = set()
        self.ended: deque[TaskLifecycle] = deque(maxlen=_REMEMBERED)

    def add(self, task_id: str) -> None:
        self._running.add(task_id)

    def settle(self) -> None:
        """Remove the ended tasks from the scheduler."""
        for task_id in tuple(self._running):
            life = self._scheduler.tasks[task_id]
            if life.status == "STOPPED":
                self._running.discard(task_id)
                self._scheduler.forget(task_id)
                self.ended.append(life)
