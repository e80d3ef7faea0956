"""Events of AWS's services on EventBridge's bus: changes of tasks and deployments, and each
`ServiceEvent` of another part.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from bonkei.base.events import Bus, DeploymentStateChanged, ServiceEvent, TaskStateChanged
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.services.ecs.api import descriptions
from bonkei.services.ecs.api.values import EcsTask
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.eventbridge.shapes import deployment_event, event, steady_event, task_event

FindTask = Callable[[str], EcsTask | None]
"""A task of the present or of the recent past, by its id."""


class EcsEvents:
    """Listens from its making on."""

    def __init__(self, bus: Bus, events: EventBus, find: FindTask) -> None:
        self._events = events
        self._find = find
        self._services: dict[str, Service] = {}
        self._changes = 0
        self._undo = (
            bus.subscribe(TaskStateChanged, self._on_task),
            bus.subscribe(DeploymentStateChanged, self._on_deployment),
            bus.subscribe(ServiceEvent, self._on_service),
        )

    def follow(self, blueprint: Blueprint) -> None:
        """Follow the cluster of each service."""
        self._services = {service.arn: service for service in blueprint.services}

    def _on_task(self, changed: TaskStateChanged) -> None:
        self._changes += 1
        if (task := self._find(changed.task_id)) is not None:
            seen = replace(task, last_status=changed.last_status, health=changed.health)
            if descriptions.desired_status(seen) == "STOPPED":
                seen = replace(seen, stopped_reason=changed.reason or task.stopped_reason)
            self._events.put(task_event(descriptions.task(seen), self._changes, time.time()))

    def _on_deployment(self, changed: DeploymentStateChanged) -> None:
        now, service = time.time(), self._services.get(changed.service_arn)
        self._events.put(deployment_event(changed, now))
        if changed.rollout_state == "COMPLETED" and service is not None:
            self._events.put(steady_event(service.arn, service.cluster_arn, now))

    def _on_service(self, happened: ServiceEvent) -> None:
        self._events.put(
            event(
                happened.source,
                happened.detail_type,
                list(happened.resources),
                dict(happened.detail),
                next(iter(happened.resources), ""),
                happened.time,
            )
        )

    def stop(self) -> None:
        """Listens no longer."""
        for undo in self._undo:
            undo()
