"""Decides from events alone whether all services are healthy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bonkei.base.events import Bus, DeploymentStateChanged, TaskStateChanged
from bonkei.blueprint.ecs import Service

INTENDED = "Scaling activity"  # ECS's reason for a task that a deployment replaces
_NOTHING_HEARD = "no task is healthy yet"
_FAILURES = 3  # of tasks in a row; after that, a service is reported as failing


@dataclass(frozen=True, slots=True)
class Waiting:
    """A service that is not healthy yet, and the last event about it.

    `failing`: its deployment has FAILED, or its tasks have ended repeatedly and nothing has changed
    meanwhile.
    """

    service: Service
    reason: str
    failing: bool = False


@dataclass(slots=True)
class _Heard:
    """The events of a service's newest deployment. `former`: tasks of earlier deployments."""

    reason: str = ""
    failures: int = 0
    tasks: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)


class Watch:
    """Follows the services' deployments. `settled` returns when there is nothing more to wait
    for."""

    def __init__(self, bus: Bus) -> None:
        self._rollouts: dict[tuple[str, str], str] = {}
        self._failed: dict[tuple[str, str], str] = {}
        self._heard: dict[str, _Heard] = {}
        self._changed = asyncio.Event()
        bus.subscribe(DeploymentStateChanged, self._on_deployment)
        bus.subscribe(TaskStateChanged, self._on_task)

    def _on_deployment(self, event: DeploymentStateChanged) -> None:
        deployed = (event.service_arn, event.task_definition_arn)
        self._rollouts[deployed] = event.rollout_state
        heard = self._heard.setdefault(event.service_arn, _Heard())
        if event.rollout_state == "FAILED":
            self._failed[deployed] = event.reason
        elif event.rollout_state == "IN_PROGRESS" and not event.reason:  # else it is rolled back to
            self._failed.pop(deployed, None)
            self._heard[event.service_arn] = _Heard(former=heard.tasks | heard.former)
        elif event.rollout_state == "COMPLETED":
            heard.reason = ""
            # Another service may have waited for this one, so its earlier failures are forgotten.
            for one in self._heard.values():
                one.failures = 0
        self._changed.set()

    def _on_task(self, event: TaskStateChanged) -> None:
        if not event.service_arn:
            return
        heard = self._heard.setdefault(event.service_arn, _Heard())
        stopped = event.last_status == "STOPPED"
        if event.task_id in heard.former:
            if stopped:
                heard.former.discard(event.task_id)
            return
        heard.tasks.add(event.task_id)
        if event.reason and not event.reason.startswith(INTENDED):
            heard.reason = event.reason
            heard.failures += stopped
            self._changed.set()
        if stopped:
            heard.tasks.discard(event.task_id)

    def waiting(self, services: Sequence[Service]) -> list[Waiting]:
        """The services with a current task definition that is not rolled out yet."""
        return [one for service in services if (one := self._waiting(service)) is not None]

    def _waiting(self, service: Service) -> Waiting | None:
        deployed = (service.arn, service.task_definition_arn)
        if failure := self._failed.get(deployed):  # ECS starts no more tasks of it
            return Waiting(service, failure, failing=True)
        if self._rollouts.get(deployed) == "COMPLETED":
            return None
        heard = self._heard.get(service.arn, _Heard())
        # Tasks that start together fail together. This is one failure of the service.
        failing = heard.failures >= _FAILURES + max(0, service.capacity - 1)
        return Waiting(service, heard.reason or _NOTHING_HEARD, failing)

    async def settled(
        self, services: Sequence[Service], limit: float, report: Callable[[str], None]
    ) -> list[Waiting]:
        """Wait until all are healthy or failing, for at most `limit` seconds. Returns the missing
        ones.

        Meanwhile `report` is called once for each reason of a failure.
        """
        seen: set[str] = set()
        try:
            async with asyncio.timeout(limit):
                while not all(one.failing for one in self.waiting(services)):
                    self._changed.clear()
                    await self._changed.wait()
                    for one in self.waiting(services):
                        text = f"{one.service.name}: {one.reason}"
                        if one.reason != _NOTHING_HEARD and not one.failing and text not in seen:
                            seen.add(text)
                            report(text)
        except TimeoutError:
            pass
        return self.waiting(services)
