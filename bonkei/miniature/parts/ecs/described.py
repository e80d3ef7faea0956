"""Services, tasks and their definitions in the terms of the ECS API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.blueprint.ecs import Service, TaskDefinition, TrafficShift
from bonkei.services.ecs.api.values import EcsService, EcsTask
from bonkei.services.ecs.snapshot import ServiceSnapshot, TaskSnapshot


def service(
    snapshot: ServiceSnapshot, defined: Service, arns: Mapping[str, str], since: float
) -> EcsService:
    deployments = tuple(
        replace(each, task_definition=arns.get(each.task_definition, each.task_definition))
        for each in snapshot.deployments
        if each.status != "INACTIVE" or (each.failed_at or 0.0) >= since
    )
    return EcsService(
        snapshot.arn,
        snapshot.name,
        defined.cluster_arn,
        deployments[0].task_definition if deployments else defined.task_definition_arn,
        snapshot.desired_count,
        snapshot.running_count,
        snapshot.pending_count,
        deployments,
        tuple((t.target_group_arn, t.container_name, t.container_port) for t in defined.targets),
        _settings(defined),
    )


def _settings(defined: Service) -> dict[str, Any]:
    """What the definitions say of a service, in the API's form."""
    breaker = {"enable": defined.circuit_breaker, "rollback": defined.circuit_breaker_rollback}
    settings: dict[str, Any] = {
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": breaker,
            "maximumPercent": defined.maximum_percent,
            "minimumHealthyPercent": defined.minimum_healthy_percent,
            **_strategy(defined.shift),
        },
        "enableExecuteCommand": defined.execute_command,
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(defined.subnet_ids),
                "securityGroups": list(defined.security_group_ids),
                "assignPublicIp": "ENABLED" if defined.assign_public_ip else "DISABLED",
            }
        },
    }
    if defined.targets:
        settings["healthCheckGracePeriodSeconds"] = int(defined.health_check_grace_period)
    return settings


def _strategy(shift: TrafficShift | None) -> dict[str, Any]:
    if shift is None:
        return {"strategy": "ROLLING"}
    found: dict[str, Any] = {"strategy": shift.strategy, "bakeTimeInMinutes": int(shift.bake)}
    for percent, minutes in shift.steps[:1]:
        name, prefix = shift.strategy.lower(), "step" if shift.strategy == "LINEAR" else "canary"
        found[f"{name}Configuration"] = {
            f"{prefix}Percent": percent,
            f"{prefix}BakeTimeInMinutes": int(minutes),
        }
    return found


def task(snapshot: TaskSnapshot, cluster_arn: str, definition_arn: str) -> EcsTask:
    prefix, _, cluster = cluster_arn.rpartition(":cluster/")
    return EcsTask(
        id=snapshot.id,
        arn=f"{prefix}:task/{cluster}/{snapshot.id}",
        cluster_arn=cluster_arn,
        definition_arn=definition_arn,
        group=snapshot.group,
        last_status=snapshot.last_status,
        health=snapshot.health,
        stopped_reason=snapshot.reason if snapshot.last_status == "STOPPED" else "",
        started_at=snapshot.started_at,
        containers=snapshot.containers,
        created_at=snapshot.created_at,
        stopped_at=snapshot.stopped_at,
        started_by=snapshot.started_by,
    )


def definition(one: TaskDefinition, is_withdrawn: bool) -> dict[str, Any]:
    return {
        **json.loads(one.document),
        "taskDefinitionArn": one.arn,
        "family": one.family,
        "revision": one.revision,
        "status": "INACTIVE" if is_withdrawn else "ACTIVE",
        "compatibilities": ["EC2", "FARGATE"],
    }
