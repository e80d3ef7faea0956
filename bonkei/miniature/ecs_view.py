"""The miniature's tasks as the AWS endpoint's `ecs` describes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Container, TaskDefinition
from bonkei.cloud.ecs import EcsDeployment, EcsService, EcsState, EcsTask
from bonkei.errors import BonkeiError
from bonkei.tasks import ServiceSnapshot, Tasks, TaskSnapshot

_GOING_ON: set[asyncio.Task[None]] = set()
"""Kept until they end: the event loop holds its tasks weakly."""


class EcsView:
    """`restart`: gives a service of this ARN new tasks, and ends when they are healthy."""

    def __init__(
        self,
        blueprint: Callable[[], Blueprint],
        tasks: Tasks,
        restart: Callable[[str], Awaitable[None]],
    ) -> None:
        self._blueprint = blueprint
        self._tasks = tasks
        self._restart = restart

    def describe(self) -> EcsState:
        blueprint, snapshot = self._blueprint(), self._tasks.snapshot()
        arns = {f"{d.family}:{d.revision}": d.arn for d in blueprint.task_definitions}
        clusters = {service.arn: service.cluster_arn for service in blueprint.services}
        by_name = {service.name: service.cluster_arn for service in blueprint.services}
        default = blueprint.clusters[0].arn if blueprint.clusters else ""
        return EcsState(
            clusters=tuple((cluster.name, cluster.arn) for cluster in blueprint.clusters),
            services=tuple(
                _service(service, clusters.get(service.arn, default), arns)
                for service in snapshot.services
            ),
            tasks=tuple(
                _task(task, by_name.get(task.group.removeprefix("service:"), default), arns)
                for task in (*snapshot.tasks, *snapshot.stopped)
            ),
            definitions={d.arn: _definition(d) for d in blueprint.task_definitions},
        )

    async def force_new_deployment(self, service_arn: str) -> None:
        """It begins, and who asked does not wait for its end; `describe` says how it goes."""
        task = asyncio.create_task(self._quietly(service_arn))
        _GOING_ON.add(task)
        task.add_done_callback(_GOING_ON.discard)

    async def _quietly(self, service_arn: str) -> None:
        with suppress(BonkeiError):  # the deployment's own state has the reason
            await self._restart(service_arn)

    def stop_task(self, task_id: str, reason: str) -> None:
        self._tasks.stop_task(task_id, reason)


def _service(service: ServiceSnapshot, cluster_arn: str, arns: Mapping[str, str]) -> EcsService:
    deployments = tuple(
        EcsDeployment(
            id=f"ecs-svc/{each.id}",
            status=each.status,
            definition_arn=arns.get(each.task_definition, each.task_definition),
            rollout_state=each.rollout_state,
            reason=each.reason,
            desired=service.desired_count if each.status == "PRIMARY" else 0,
            running=each.running_count,
            pending=each.pending_count,
        )
        for each in service.deployments
    )
    return EcsService(
        service.arn,
        service.name,
        cluster_arn,
        deployments[0].definition_arn if deployments else "",
        service.desired_count,
        service.running_count,
        service.pending_count,
        deployments,
    )


def _task(task: TaskSnapshot, cluster_arn: str, arns: Mapping[str, str]) -> EcsTask:
    prefix, _, cluster = cluster_arn.rpartition(":cluster/")
    return EcsTask(
        id=task.id,
        arn=f"{prefix}:task/{cluster}/{task.id}",
        cluster_arn=cluster_arn,
        definition_arn=arns.get(task.task_definition, task.task_definition),
        group=task.group,
        last_status=task.last_status,
        health=task.health,
        stopped_reason=task.reason if task.last_status == "STOPPED" else "",
        started_at=task.started_at,
        containers=tuple(name for name, _ in task.pids),
    )


def _definition(definition: TaskDefinition) -> dict[str, Any]:
    return {
        "taskDefinitionArn": definition.arn,
        "family": definition.family,
        "revision": definition.revision,
        "status": "ACTIVE",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": str(definition.cpu),
        "memory": str(definition.memory),
        "executionRoleArn": definition.execution_role_arn,
        "taskRoleArn": definition.task_role_arn,
        "containerDefinitions": [_container(each) for each in definition.containers],
    }


def _container(container: Container) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": container.name,
        "image": container.image,
        "essential": container.essential,
        "environment": [{"name": name, "value": value} for name, value in container.environment],
        "secrets": [{"name": name, "valueFrom": place} for name, place in container.secrets],
        "portMappings": [
            {"containerPort": mapping.container_port, "protocol": mapping.protocol}
            for mapping in container.port_mappings
        ],
    }
    if container.command is not None:
        described["command"] = list(container.command)
    if container.entry_point is not None:
        described["entryPoint"] = list(container.entry_point)
    return described
