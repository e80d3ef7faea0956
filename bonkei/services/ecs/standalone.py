"""Tasks that belong to no service, and the last ones that ended."""

from __future__ import annotations

from collections import deque

from bonkei.services.ecs.scheduling.lifecycle import TaskLifecycle
from bonkei.services.ecs.scheduling.scheduler import Scheduler

_REMEMBERED = 100
"""ECS describes a stopped task for at least an hour. Here it is the last tasks, of any age."""


class StandaloneTasks:
    """Tasks in the manner of `ecs run-task`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._running: set[str] = set()
        self._left: set[str] = set()
        self.ended: deque[TaskLifecycle] = deque(maxlen=_REMEMBERED)

    def add(self, task_id: str) -> None:
        self._running.add(task_id)

    def leave(self, task_id: str) -> None:
        """The caller has the result. The rest of the task ends without it, and is not described."""
        self._left.add(task_id)
        self.settle()

    def settle(self) -> None:
        """Remove the ended tasks from the scheduler."""
        for task_id in (*self._running, *self._left):
            life = self._scheduler.tasks[task_id]
            if life.status == "STOPPED":
                self._scheduler.forget(task_id)
                if task_id in self._running:
                    self.ended.append(life)
                self._running.discard(task_id)
                self._left.discard(task_id)
