"""Is everything that should serve healthy? Answered from events alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bonkei.blueprint.service import Service
from bonkei.events import Bus, DeploymentStateChanged, TaskStateChanged

_INTENDED = "Scaling activity"  # ECS's words for a task that a deployment replaces


@dataclass(frozen=True, slots=True)
class Waiting:
    """A service that is not there yet, and the last thing that was heard of it."""

    service: Service
    reason: str


class Watch:
    """Follows the services' deployments; `settled` ends when each is completed or has failed."""

    def __init__(self, bus: Bus) -> None:
        self._rollouts: dict[tuple[str, str], str] = {}
        self._failures: dict[tuple[str, str], str] = {}
        self._reasons: dict[str, str] = {}
        self._changed = asyncio.Event()
        bus.subscribe(DeploymentStateChanged, self._on_deployment)
        bus.subscribe(TaskStateChanged, self._on_task)

    def _on_deployment(self, event: DeploymentStateChanged) -> None:
        deployed = (event.service_arn, event.task_definition_arn)
        self._rollouts[deployed] = event.rollout_state
        self._failures.pop(deployed, None)
        if event.rollout_state == "FAILED":
            self._failures[deployed] = event.reason
        self._hear(event.service_arn, event.reason)
        self._changed.set()

    def _on_task(self, event: TaskStateChanged) -> None:
        if not event.reason.startswith(_INTENDED):
            self._hear(event.service_arn, event.reason)

    def _hear(self, service_arn: str, reason: str) -> None:
        if service_arn and reason:
            self._reasons[service_arn] = reason
            self._changed.set()

    def waiting(self, services: Sequence[Service]) -> list[Waiting]:
        """Those whose current task definition has not been rolled out."""
        return [
            Waiting(service, self._reason(service) or "no task is healthy yet")
            for service in services
            if self._rollouts.get((service.arn, service.task_definition_arn)) != "COMPLETED"
        ]

    def _failure(self, service: Service) -> str:
        return self._failures.get((service.arn, service.task_definition_arn), "")

    def _reason(self, service: Service) -> str:
        """That its deployment has failed is not covered by what happens after."""
        return self._failure(service) or self._reasons.get(service.arn, "")

    async def settled(
        self, services: Sequence[Service], limit: float, tell: Callable[[str], None]
    ) -> list[Waiting]:
        """Wait for all of them, `limit` seconds at most; what is still missing comes back. One
        whose deployment has FAILED is not waited for: ECS starts no more tasks of it.

        `tell` hears meanwhile why one has failed, once for each reason.
        """
        self._reasons.clear()
        told: set[tuple[str, str]] = set()
        try:
            async with asyncio.timeout(limit):
                while any(not self._failure(one.service) for one in self.waiting(services)):
                    self._changed.clear()
                    await self._changed.wait()
                    for service in services:
                        reason = self._reason(service)
                        if reason and (service.arn, reason) not in told:
                            told.add((service.arn, reason))
                            tell(f"{service.name}: {reason}")
        except TimeoutError:
            pass
        return self.waiting(services)
