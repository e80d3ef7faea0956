"""Turns changes in ECS into the events that AWS puts on the bus.

"Amazon ECS events", https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.clocks import stamp
from bonkei.base.events import DeploymentStateChanged

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


def task_event(task: Mapping[str, Any], version: int, now: float) -> dict[str, Any]:
    """ECS Task State Change. `task`: in the form of DescribeTasks, which the event's detail
    resembles. `version`: a later change has a higher one."""
    detail = {**_as_in_events(task), "version": version, "updatedAt": stamp(now)}
    arn, cluster = str(task["taskArn"]), str(task["clusterArn"])
    return event("aws.ecs", "ECS Task State Change", [arn], detail, cluster, now)


def _as_in_events(value: Any, name: str = "") -> Any:
    """Times are texts, and what is unknown is left out."""
    if isinstance(value, Mapping):
        known = {key: one for key, one in value.items() if one is not None}
        return {key: _as_in_events(one, key) for key, one in known.items()}
    if isinstance(value, list):
        return [_as_in_events(one) for one in value]
    return stamp(value) if name.endswith("At") else value


def steady_event(service_arn: str, cluster_arn: str, now: float) -> dict[str, Any]:
    """ECS Service Action, once a service has reached a steady state."""
    detail = {
        "eventType": "INFO",
        "eventName": "SERVICE_STEADY_STATE",
        "clusterArn": cluster_arn,
        "createdAt": stamp(now),
    }
    return event("aws.ecs", "ECS Service Action", [service_arn], detail, service_arn, now)


def deployment_event(changed: DeploymentStateChanged, now: float) -> dict[str, Any]:
    """ECS Deployment State Change."""
    name, kind, words = _DEPLOYMENTS.get(
        changed.rollout_state, (changed.rollout_state, "INFO", changed.rollout_state)
    )
    detail = {
        "eventType": kind,
        "eventName": name,
        "deploymentId": changed.deployment_id,
        "updatedAt": stamp(now),
        "reason": changed.reason or f"ECS deployment {changed.deployment_id} {words}.",
    }
    arn = changed.service_arn
    return event("aws.ecs", "ECS Deployment State Change", [arn], detail, arn, now)
