"""Amazon ECS: the miniature's own services and tasks, as its API describes them.

Source: the Amazon ECS API Reference; what is left out of a description is optional there.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bonkei.cloud.errors import Answer, ApiError
from bonkei.cloud.services import Asked, Operation

_FAMILY = "task-definition/"


@dataclass(frozen=True, slots=True)
class EcsTask:
    """`started_at` in Unix seconds; `containers`: their names."""

    id: str
    arn: str
    cluster_arn: str
    definition_arn: str
    group: str
    last_status: str
    health: str
    stopped_reason: str
    started_at: float | None
    containers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EcsDeployment:
    id: str
    status: str
    definition_arn: str
    rollout_state: str
    reason: str
    desired: int
    running: int
    pending: int


@dataclass(frozen=True, slots=True)
class EcsService:
    arn: str
    name: str
    cluster_arn: str
    definition_arn: str
    desired: int
    running: int
    pending: int
    deployments: tuple[EcsDeployment, ...]


@dataclass(frozen=True, slots=True)
class EcsState:
    """All that the API describes: `definitions` as registered, by ARN."""

    clusters: tuple[tuple[str, str], ...]  # (name, ARN)
    services: tuple[EcsService, ...]
    tasks: tuple[EcsTask, ...]
    definitions: Mapping[str, Mapping[str, Any]]


class Ecs(Protocol):
    """What runs the tasks."""

    def describe(self) -> EcsState: ...
    async def force_new_deployment(self, service_arn: str) -> None: ...
    def stop_task(self, task_id: str, reason: str) -> None: ...


def operations(ecs: Callable[[], Ecs | None]) -> Mapping[str, Operation]:
    """`ecs`: None until tasks can be started."""

    def bind(operation: Callable[[Ecs, Asked], Awaitable[Answer]]) -> Operation:
        async def answer(asked: Asked) -> Answer:
            found = ecs()
            if found is None:
                raise ApiError("ServerException", "The miniature is still starting.", 500)
            return await operation(found, asked)

        return answer

    return {name: bind(operation) for name, operation in _OPERATIONS.items()}


async def _list_clusters(ecs: Ecs, _: Asked) -> Answer:
    return _json({"clusterArns": [arn for _, arn in ecs.describe().clusters]})


async def _describe_clusters(ecs: Ecs, asked: Asked) -> Answer:
    state = ecs.describe()
    names = asked.parameters.get("clusters") or [name for name, _ in state.clusters]
    found = [_cluster(state, name, arn) for name, arn in state.clusters if {name, arn} & set(names)]
    return _json({"clusters": found, "failures": []})


async def _list_services(ecs: Ecs, asked: Asked) -> Answer:
    state = ecs.describe()
    cluster = _cluster_arn(state, asked)
    return _json({"serviceArns": [s.arn for s in state.services if s.cluster_arn == cluster]})


async def _describe_services(ecs: Ecs, asked: Asked) -> Answer:
    state = ecs.describe()
    cluster = _cluster_arn(state, asked)
    found, failures = [], []
    for name in asked.parameters.get("services") or []:
        if (service := _service(state, cluster, str(name))) is None:
            failures.append({"arn": name, "reason": "MISSING"})
        else:
            found.append(_described_service(service))
    return _json({"services": found, "failures": failures})


async def _update_service(ecs: Ecs, asked: Asked) -> Answer:
    state = ecs.describe()
    cluster = _cluster_arn(state, asked)
    service = _service(state, cluster, str(asked.parameters.get("service", "")))
    if service is None:
        raise ApiError("ServiceNotFoundException", "Service not found.")
    allowed = {"cluster", "service", "forceNewDeployment"}
    if others := sorted(set(asked.parameters) - allowed):
        raise ApiError(
            "InvalidParameterException",
            f"The miniature changes {', '.join(others)} by the definitions only: bonkei apply.",
        )
    if asked.parameters.get("forceNewDeployment"):
        await ecs.force_new_deployment(service.arn)
    return _json({"service": _described_service(service)})


async def _list_tasks(ecs: Ecs, asked: Asked) -> Answer:
    state = ecs.describe()
    found = list(_tasks(state, asked))
    return _json({"taskArns": [task.arn for task in found]})


async def _describe_tasks(ecs: Ecs, asked: Asked) -> Answer:
    state = ecs.describe()
    found, failures = [], []
    for name in asked.parameters.get("tasks") or []:
        task = _task(state.tasks, str(name))
        if task is None:
            failures.append({"arn": name, "reason": "MISSING"})
        else:
            found.append(_described_task(task))
    return _json({"tasks": found, "failures": failures})


async def _stop_task(ecs: Ecs, asked: Asked) -> Answer:
    task = _task(ecs.describe().tasks, str(asked.parameters.get("task", "")))
    if task is None:
        raise ApiError("InvalidParameterException", "The referenced task was not found.")
    reason = str(asked.parameters.get("reason", "Task stopped by user"))
    ecs.stop_task(task.id, reason)
    return _json({"task": {**_described_task(task), "desiredStatus": "STOPPED"}})


async def _describe_task_definition(ecs: Ecs, asked: Asked) -> Answer:
    definitions = ecs.describe().definitions
    wanted = str(asked.parameters.get("taskDefinition", ""))
    for arn in sorted(definitions, key=_revision, reverse=True):
        short = arn.partition(_FAMILY)[2]
        if wanted in (arn, short, short.rpartition(":")[0]):
            return _json({"taskDefinition": definitions[arn]})
    raise ApiError("ClientException", "Unable to describe task definition.")


async def _list_task_definitions(ecs: Ecs, _: Asked) -> Answer:
    return _json({"taskDefinitionArns": sorted(ecs.describe().definitions)})


_OPERATIONS: Mapping[str, Callable[[Ecs, Asked], Awaitable[Answer]]] = {
    "DescribeClusters": _describe_clusters,
    "DescribeServices": _describe_services,
    "DescribeTaskDefinition": _describe_task_definition,
    "DescribeTasks": _describe_tasks,
    "ListClusters": _list_clusters,
    "ListServices": _list_services,
    "ListTaskDefinitions": _list_task_definitions,
    "ListTasks": _list_tasks,
    "StopTask": _stop_task,
    "UpdateService": _update_service,
}


def _revision(arn: str) -> int:
    return int(arn.rpartition(":")[2])


def _cluster_arn(state: EcsState, asked: Asked) -> str:
    """ECS's `default` stands for none that is named."""
    wanted = str(asked.parameters.get("cluster", "default"))
    for name, arn in state.clusters:
        if wanted in (name, arn):
            return arn
    raise ApiError("ClusterNotFoundException", "Cluster not found.")


def _service(state: EcsState, cluster: str, name: str) -> EcsService | None:
    return next(
        (s for s in state.services if s.cluster_arn == cluster and name in (s.name, s.arn)), None
    )


def _tasks(state: EcsState, asked: Asked) -> Iterable[EcsTask]:
    cluster = _cluster_arn(state, asked)
    wanted = asked.parameters.get("desiredStatus", "RUNNING")
    service, family = asked.parameters.get("serviceName"), asked.parameters.get("family")
    for task in state.tasks:
        stopped = task.last_status == "STOPPED"
        if task.cluster_arn != cluster or stopped != (wanted == "STOPPED"):
            continue
        if service and task.group != f"service:{str(service).rpartition('/')[2]}":
            continue
        if family and f"/{family}:" not in task.definition_arn:
            continue
        yield task


def _task(tasks: Sequence[EcsTask], name: str) -> EcsTask | None:
    return next((task for task in tasks if name in (task.id, task.arn)), None)


def _cluster(state: EcsState, name: str, arn: str) -> dict[str, Any]:
    mine = [service for service in state.services if service.cluster_arn == arn]
    return {
        "clusterArn": arn,
        "clusterName": name,
        "status": "ACTIVE",
        "activeServicesCount": len(mine),
        "runningTasksCount": sum(service.running for service in mine),
        "pendingTasksCount": sum(service.pending for service in mine),
    }


def _described_service(service: EcsService) -> dict[str, Any]:
    return {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "status": "ACTIVE",
        "launchType": "FARGATE",
        "taskDefinition": service.definition_arn,
        "desiredCount": service.desired,
        "runningCount": service.running,
        "pendingCount": service.pending,
        "deployments": [
            {
                "id": each.id,
                "status": each.status,
                "taskDefinition": each.definition_arn,
                "rolloutState": each.rollout_state,
                "rolloutStateReason": each.reason,
                "desiredCount": each.desired,
                "runningCount": each.running,
                "pendingCount": each.pending,
            }
            for each in service.deployments
        ],
    }


def _described_task(task: EcsTask) -> dict[str, Any]:
    described: dict[str, Any] = {
        "taskArn": task.arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.definition_arn,
        "group": task.group,
        "launchType": "FARGATE",
        "lastStatus": task.last_status,
        "desiredStatus": "STOPPED" if task.stopped_reason else "RUNNING",
        "healthStatus": task.health if task.health in ("HEALTHY", "UNHEALTHY") else "UNKNOWN",
        "containers": [
            {"name": name, "taskArn": task.arn, "lastStatus": task.last_status}
            for name in task.containers
        ],
    }
    if task.started_at is not None:
        described["startedAt"] = task.started_at
    if task.stopped_reason:
        described["stoppedReason"] = task.stopped_reason
    return described


def _json(content: Mapping[str, Any]) -> Answer:
    headers = (("content-type", "application/x-amz-json-1.1"),)
    return Answer(200, json.dumps(content).encode(), headers)
