"""Events of AWS's services on EventBridge's bus: changes of tasks and deployments, and each
`ServiceEvent` of another room.
"""

from __future__ import annotations

import time

from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Service
from bonkei.events import Bus, DeploymentStateChanged, ServiceEvent, TaskStateChanged
from bonkei.monitor.events.bus import EventBus
from bonkei.monitor.events.shapes import deployment_event, event, task_event


class EcsEvents:
    """Listens from its making on."""

    def __init__(self, bus: Bus, events: EventBus) -> None:
        self._events = events
        self._services: dict[str, Service] = {}
        self._only_cluster = ""
        self._undo = (
            bus.subscribe(TaskStateChanged, self._on_task),
            bus.subscribe(DeploymentStateChanged, self._on_deployment),
            bus.subscribe(ServiceEvent, self._on_service),
        )

    def follow(self, blueprint: Blueprint) -> None:
        """Follow the cluster and the task definition of each service's tasks."""
        self._services = {service.arn: service for service in blueprint.services}
        self._only_cluster = blueprint.clusters[0].arn if blueprint.clusters else ""

    def _on_task(self, changed: TaskStateChanged) -> None:
        service = self._services.get(changed.service_arn)
        cluster = service.cluster_arn if service is not None else self._only_cluster
        definition = service.task_definition_arn if service is not None else ""
        self._events.put(task_event(changed, cluster, definition, time.time()))

    def _on_deployment(self, changed: DeploymentStateChanged) -> None:
        self._events.put(deployment_event(changed, time.time()))

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
