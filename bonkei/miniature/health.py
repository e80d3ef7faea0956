"""Is everything that should serve healthy? Answered from events alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Service
from bonkei.events import Bus, DeploymentStateChanged, TaskStateChanged


@dataclass(frozen=True, slots=True)
class Waiting:
    """A service that is not there yet, and the last thing that was heard of it."""

    service: Service
    reason: str


class Watch:
    """Follows the services' deployments; `settled` ends when each is completed or has failed."""

    def __init__(self, bus: Bus) -> None:
        self._rollouts: dict[tuple[str, str], str] = {}
        self._reasons: dict[str, str] = {}
        self._changed = asyncio.Event()
        bus.subscribe(DeploymentStateChanged, self._on_deployment)
        bus.subscribe(TaskStateChanged, self._on_task)

    def _on_deployment(self, event: DeploymentStateChanged) -> None:
        self._rollouts[event.service_arn, event.task_definition_arn] = event.rollout_state
        if event.reason:
            self._reasons[event.service_arn] = event.reason
        self._changed.set()

    def _on_task(self, event: TaskStateChanged) -> None:
        if event.service_arn and event.reason:
            self._reasons[event.service_arn] = event.reason

    def waiting(self, blueprint: Blueprint) -> list[Waiting]:
        """The services whose current task definition has not been rolled out."""
        return [
            Waiting(service, self._reasons.get(service.arn, "no task is healthy yet"))
            for service in blueprint.services
            if service.capacity > 0
            and self._rollouts.get((service.arn, service.task_definition_arn)) != "COMPLETED"
        ]

    async def settled(self, blueprint: Blueprint, limit: float) -> list[Waiting]:
        """Wait for all of them, `limit` seconds at most; what is still missing comes back."""
        try:
            async with asyncio.timeout(limit):
                while self.waiting(blueprint):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.waiting(blueprint)
