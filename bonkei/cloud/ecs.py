"""Amazon ECS: the miniature's own services and tasks, as its API describes them.

Source: the Amazon ECS API Reference; what is left out of a description is optional there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bonkei.aws_service import AwsCall, AwsService, AwsServiceError, Operation, Operations

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


def service(ecs: Callable[[], Ecs | None]) -> AwsService:
    """`ecs`: None until tasks can be started."""

    def bind(operation: Callable[[Ecs, AwsCall], Awaitable[Mapping[str, Any]]]) -> Operation:
        async def answer(call: AwsCall) -> Mapping[str, Any]:
            found = ecs()
            if found is None:
                raise AwsServiceError("ServerException", "The miniature is still starting.", 500)
            return await operation(found, call)

        return answer

    return Operations({name: bind(operation) for name, operation in _OPERATIONS.items()})


async def _list_clusters(ecs: Ecs, _: AwsCall) -> Mapping[str, Any]:
    return {"clusterArns": [arn for _, arn in ecs.describe().clusters]}


async def _describe_clusters(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    names = call.parameters.get("clusters") or [name for name, _ in state.clusters]
    found = [_cluster(state, name, arn) for name, arn in state.clusters if {name, arn} & set(names)]
    return {"clusters": found, "failures": []}


async def _list_services(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    cluster = _cluster_arn(state, call)
    return {"serviceArns": [s.arn for s in state.services if s.cluster_arn == cluster]}


async def _describe_services(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    cluster = _cluster_arn(state, call)
    found, failures = [], []
    for name in call.parameters.get("services") or []:
        if (service := _service(state, cluster, str(name))) is None:
            failures.append({"arn": name, "reason": "MISSING"})
        else:
            found.append(_described_service(service))
    return {"services": found, "failures": failures}


async def _update_service(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    cluster = _cluster_arn(state, call)
    service = _service(state, cluster, str(call.parameters.get("service", "")))
    if service is None:
        raise AwsServiceError("ServiceNotFoundException", "Service not found.")
    allowed = {"cluster", "service", "forceNewDeployment"}
    if others := sorted(set(call.parameters) - allowed):
        raise AwsServiceError(
            "InvalidParameterException",
            f"The miniature changes {', '.join(others)} by the definitions only: bonkei apply.",
        )
    if call.parameters.get("forceNewDeployment"):
        await ecs.force_new_deployment(service.arn)
    return {"service": _described_service(service)}


async def _list_tasks(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    found = list(_tasks(state, call))
    return {"taskArns": [task.arn for task in found]}


async def _describe_tasks(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    found, failures = [], []
    for name in call.parameters.get("tasks") or []:
        task = _task(state.tasks, str(name))
        if task is None:
            failures.append({"arn": name, "reason": "MISSING"})
        else:
            found.append(_described_task(task))
    return {"tasks": found, "failures": failures}


async def _stop_task(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    task = _task(ecs.describe().tasks, str(call.parameters.get("task", "")))
    if task is None:
        raise AwsServiceError("InvalidParameterException", "The referenced task was not found.")
    reason = str(call.parameters.get("reason", "Task stopped by user"))
    ecs.stop_task(task.id, reason)
    return {"task": {**_described_task(task), "desiredStatus": "STOPPED"}}


async def _describe_task_definition(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    definitions = ecs.describe().definitions
    wanted = str(call.parameters.get("taskDefinition", ""))
    for arn in sorted(definitions, key=_revision, reverse=True):
        short = arn.partition(_FAMILY)[2]
        if wanted in (arn, short, short.rpartition(":")[0]):
            return {"taskDefinition": definitions[arn]}
    raise AwsServiceError("ClientException", "Unable to describe task definition.")


async def _list_task_definitions(ecs: Ecs, _: AwsCall) -> Mapping[str, Any]:
    return {"taskDefinitionArns": sorted(ecs.describe().definitions)}


_OPERATIONS: Mapping[str, Callable[[Ecs, AwsCall], Awaitable[Mapping[str, Any]]]] = {
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


def _cluster_arn(state: EcsState, call: AwsCall) -> str:
    """ECS's `default` stands for none that is named."""
    wanted = str(call.parameters.get("cluster", "default"))
    for name, arn in state.clusters:
        if wanted in (name, arn):
            return arn
    raise AwsServiceError("ClusterNotFoundException", "Cluster not found.")


def _service(state: EcsState, cluster: str, name: str) -> EcsService | None:
    return next(
        (s for s in state.services if s.cluster_arn == cluster and name in (s.name, s.arn)), None
    )


def _tasks(state: EcsState, call: AwsCall) -> Iterable[EcsTask]:
    cluster = _cluster_arn(state, call)
    wanted = call.parameters.get("desiredStatus", "RUNNING")
    service, family = call.parameters.get("serviceName"), call.parameters.get("family")
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
