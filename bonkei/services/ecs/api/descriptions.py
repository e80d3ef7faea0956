"""Clusters, services and tasks in the API's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from bonkei.services.ecs.api.values import (
    EcsService,
    EcsServiceEvent,
    EcsState,
    EcsTask,
)
from bonkei.services.ecs.snapshot import ContainerSnapshot, DeploymentSnapshot


def cluster(state: EcsState, name: str, arn: str) -> dict[str, Any]:
    mine = [task for task in state.tasks if task.cluster_arn == arn]
    return {
        "clusterArn": arn,
        "clusterName": name,
        "status": "ACTIVE",
        "activeServicesCount": sum(one.cluster_arn == arn for one in state.services),
        "runningTasksCount": sum(task.last_status == "RUNNING" for task in mine),
        "pendingTasksCount": sum(task.last_status in _COMING for task in mine),
        "registeredContainerInstancesCount": 0,
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
    }


def _rollout(one: DeploymentSnapshot) -> str:
    return f"ECS deployment {one.id} {one.rollout_state.lower().replace('_', ' ')}."


_EVENTS = 100
_COMING = ("PROVISIONING", "PENDING", "ACTIVATING")


def service(one: EcsService, events: Sequence[EcsServiceEvent] = ()) -> dict[str, Any]:
    """`events`: the newest first, of which ECS describes a hundred."""
    return {
        **one.settings,
        "serviceArn": one.arn,
        "serviceName": one.name,
        "clusterArn": one.cluster_arn,
        "status": "ACTIVE",
        "launchType": "FARGATE",
        "schedulingStrategy": "REPLICA",
        "taskDefinition": one.definition_arn,
        "currentServiceDeployment": _current(one),
        "desiredCount": one.desired,
        "runningCount": one.running,
        "pendingCount": one.pending,
        "loadBalancers": [
            {"targetGroupArn": arn, "containerName": container, "containerPort": port}
            for arn, container, port in one.targets
        ],
        "deployments": [
            {
                "id": each.id,
                "status": each.status,
                "taskDefinition": each.task_definition,
                "rolloutState": each.rollout_state,
                "rolloutStateReason": each.reason or _rollout(each),
                "desiredCount": one.desired_of(each),
                "runningCount": each.running_count,
                "pendingCount": each.pending_count,
                "failedTasks": each.failed_tasks,
                "createdAt": each.created_at,
            }
            for each in one.deployments
        ],
        "events": [
            {"id": each.id, "createdAt": each.created_at, "message": each.message}
            for each in events[:_EVENTS]
        ],
    }


def deployment_arn(service: EcsService, one: DeploymentSnapshot, kind: str) -> str:
    """`kind`: `deployment`, or `revision`, of which each has one."""
    own = one.id.rpartition("/")[2]
    number = own if kind == "deployment" else f"{crc32(own.encode()):019d}"
    return f"{service.arn.replace(':service/', f':service-{kind}/')}/{number}"


def _current(one: EcsService) -> str | None:
    """The youngest deployment: a rollback belongs to the one that failed."""
    youngest = max(one.deployments, key=lambda each: each.created_at or 0.0, default=None)
    return deployment_arn(one, youngest, "deployment") if youngest else None


def task(one: EcsTask, *, tags: bool = True) -> dict[str, Any]:
    return {
        "tags": [{"key": key, "value": value} for key, value in one.tags] if tags else [],
        "taskArn": one.arn,
        "clusterArn": one.cluster_arn,
        "taskDefinitionArn": one.definition_arn,
        "group": one.group,
        "launchType": "FARGATE",
        "enableExecuteCommand": one.execute_command,
        "lastStatus": one.last_status,
        "desiredStatus": desired_status(one),
        "healthStatus": _health(one.health),
        "startedBy": one.started_by or None,
        "createdAt": one.created_at,
        "startedAt": one.started_at,
        "stoppingAt": one.stopped_at,
        "stoppedAt": one.stopped_at,
        "stoppedReason": one.stopped_reason or None,
        "stopCode": _stop_code(one),
        "containers": [
            {
                "containerArn": container_arn(one, each),
                "name": each.name,
                "runtimeId": runtime_id(one, each),
                "taskArn": one.arn,
                "image": each.image or None,
                "imageDigest": one.digests.get(each.name) or None,
                "lastStatus": each.status,
                "exitCode": each.exit_code,
                "reason": each.reason or None,
                "healthStatus": _health(each.health),
            }
            for each in one.containers
        ],
    }


_ENDING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")


def desired_status(one: EcsTask) -> str:
    """A task that is about to stop is no longer wanted ("Task lifecycle", Amazon ECS)."""
    return "STOPPED" if one.last_status in _ENDING else "RUNNING"


def container_arn(task: EcsTask, container: ContainerSnapshot) -> str:
    """A container has an id of its own within its task."""
    own = uuid5(NAMESPACE_URL, f"{task.arn}/{container.name}")
    return f"{task.arn.replace(':task/', ':container/')}/{own}"


def runtime_id(task: EcsTask, container: ContainerSnapshot) -> str:
    """On Fargate, the task's id and ten digits."""
    return f"{task.id}-{crc32(container.name.encode()):010d}"


def _health(health: str) -> str:
    return health if health in ("HEALTHY", "UNHEALTHY") else "UNKNOWN"


def _stop_code(one: EcsTask) -> str | None:
    """Source: "Stopped tasks error messages" in the Amazon ECS Developer Guide."""
    reason = one.stopped_reason
    if not (one.last_status == "STOPPED" or (reason and desired_status(one) == "STOPPED")):
        return None
    exits = ("container in task exited", "containers in task exited", "OutOfMemoryError")
    if any(each in reason for each in exits):
        return "EssentialContainerExited"
    if reason.startswith("Scaling activity") or "ELB health checks" in reason:
        return "ServiceSchedulerInitiated"
    if one.started_at is None:
        return "TaskFailedToStart"
    return "UserInitiated"
