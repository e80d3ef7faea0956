"""Turns changes in ECS into the events that AWS puts on the bus.

"Amazon ECS events", https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from bonkei.arn import Arn
from bonkei.events import DeploymentStateChanged, TaskStateChanged

_DEPLOYMENTS = {
    "IN_PROGRESS": ("SERVICE_DEPLOYMENT_IN_PROGRESS", "INFO", "in progress"),
    "COMPLETED": ("SERVICE_DEPLOYMENT_COMPLETED", "INFO", "completed"),
    "FAILED": ("SERVICE_DEPLOYMENT_FAILED", "ERROR", "failed"),
}


def event(
    source: str, kind: str, resources: list[str], detail: dict[str, Any], arn: str, now: float
) -> dict[str, Any]:
    """The envelope of every event. Account and region come from an ARN."""
    place = Arn.of(arn)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": place.account,
        "time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": place.region,
        "resources": resources,
        "detail": detail,
    }


def task_event(
    changed: TaskStateChanged, cluster_arn: str, definition_arn: str, now: float
) -> dict[str, Any]:
    """ECS Task State Change."""
    cluster = cluster_arn.rpartition("/")[2]
    prefix = cluster_arn.partition(":cluster/")[0]
    task = f"{prefix}:task/{cluster}/{changed.task_id}"
    service = changed.service_arn.rpartition("/")[2]
    detail: dict[str, Any] = {
        "clusterArn": cluster_arn,
        "taskArn": task,
        "taskDefinitionArn": definition_arn,
        "group": f"service:{service}" if service else f"family:{changed.task_id}",
        "lastStatus": changed.last_status,
        "desiredStatus": "STOPPED" if "STOP" in changed.last_status else "RUNNING",
        "healthStatus": changed.health,
        "launchType": "FARGATE",
        "containers": [],
    }
    if changed.reason and "STOP" in changed.last_status:
        detail["stoppedReason"] = changed.reason
    return event("aws.ecs", "ECS Task State Change", [task], detail, cluster_arn, now)


def deployment_event(changed: DeploymentStateChanged, now: float) -> dict[str, Any]:
    """ECS Deployment State Change."""
    name, kind, words = _DEPLOYMENTS.get(
        changed.rollout_state, (changed.rollout_state, "INFO", changed.rollout_state)
    )
    detail = {
        "eventType": kind,
        "eventName": name,
        "deploymentId": changed.deployment_id,
        "updatedAt": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reason": changed.reason or f"ECS deployment {changed.deployment_id} {words}.",
    }
    arn = changed.service_arn
    return event("aws.ecs", "ECS Deployment State Change", [arn], detail, arn, now)
