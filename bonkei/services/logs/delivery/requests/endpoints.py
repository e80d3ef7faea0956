"""The addresses of tasks, from the events on the bus: access logs name a target by its address."""

from __future__ import annotations

from bonkei.base.events import Bus, TargetRegistered

_MOST = 1_000  # tasks; the oldest are forgotten first, long after they have stopped


class Endpoints:
    """`by_task`: host and port by the task's id."""

    def __init__(self, bus: Bus) -> None:
        self.by_task: dict[str, str] = {}
        bus.subscribe(TargetRegistered, self._on_registered)

    def _on_registered(self, event: TargetRegistered) -> None:
        self.by_task[event.task_id] = f"{event.endpoint.host}:{event.endpoint.port}"
        if len(self.by_task) > _MOST:
            del self.by_task[next(iter(self.by_task))]
