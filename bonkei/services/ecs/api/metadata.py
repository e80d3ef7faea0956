"""What a task may ask about itself: the task metadata endpoint, version 4.

Source: "Amazon ECS task metadata endpoint version 4 for tasks on Fargate", Amazon ECS Developer
Guide. What only AWS has, such as a network interface's hardware address, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.services.ecs.api.descriptions import container_arn, desired_status, runtime_id
from bonkei.services.ecs.api.values import EcsTask
from bonkei.services.ecs.snapshot import ContainerSnapshot

_NANOSECONDS = 10**9
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a container has used at a time (Unix seconds). `machine`: processor seconds of the whole
    machine. `memory` in bytes."""

    time: float = 0.0
    seconds: float = 0.0
    machine: float = 0.0
    memory: int = 0
    processes: int = 0


def task(one: EcsTask, definition: TaskDefinition) -> dict[str, Any]:
    """The answer of `/task`."""
    service = one.group.removeprefix("service:") if one.group.startswith("service:") else ""
    return {
        "Cluster": one.cluster_arn,
        **({"ServiceName": service} if service else {}),
        "TaskARN": one.arn,
        "Family": definition.family,
        "Revision": str(definition.revision),
        "DesiredStatus": desired_status(one),
        "KnownStatus": one.last_status,
        "Limits": {"CPU": definition.cpu / 1024, "Memory": definition.memory},
        **_times(one),
        "LaunchType": "FARGATE",
        "Containers": [container(one, each, definition) for each in one.containers],
    }


def container(one: EcsTask, each: ContainerSnapshot, definition: TaskDefinition) -> dict[str, Any]:
    """The answer of the address itself."""
    defined = {c.name: c for c in definition.containers}.get(each.name) or Container(each.name, "")
    limits = {"CPU": definition.cpu, "Memory": defined.memory or definition.memory}
    logs = defined.log_configuration
    return {
        "DockerId": runtime_id(one, each),
        "Name": each.name,
        "DockerName": each.name,
        "Image": each.image,
        **({"ImageID": digest} if (digest := one.digests.get(each.name)) else {}),
        "Labels": {
            "com.amazonaws.ecs.cluster": one.cluster_arn,
            "com.amazonaws.ecs.container-name": each.name,
            "com.amazonaws.ecs.task-arn": one.arn,
            "com.amazonaws.ecs.task-definition-family": definition.family,
            "com.amazonaws.ecs.task-definition-version": str(definition.revision),
        },
        "DesiredStatus": desired_status(one),
        "KnownStatus": each.status,
        **({} if each.exit_code is None else {"ExitCode": each.exit_code}),
        "Limits": limits,
        **_times(one),
        "Type": "NORMAL",
        **({"Health": {"status": each.health}} if defined.health_check else {}),
        **({"LogDriver": logs.driver, "LogOptions": dict(logs.options)} if logs else {}),
        "ContainerARN": container_arn(one, each),
        "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": [_LOOPBACK]}],
    }


def stats(
    one: EcsTask, each: ContainerSnapshot, definition: TaskDefinition, before: Sample, now: Sample
) -> dict[str, Any]:
    """The answer of `/stats`, in Docker's form, with what is measured here. `before`: at the
    earlier question, or as if at the container's start."""
    return {
        "read": _written(now.time),
        "preread": _written(before.time),
        "id": runtime_id(one, each),
        "name": each.name,
        "pids_stats": {"current": now.processes},
        "cpu_stats": _processor(now, definition),
        "precpu_stats": _processor(before, definition),
        "memory_stats": {"usage": now.memory, "limit": definition.memory * 1024 * 1024},
    }


def _processor(sample: Sample, definition: TaskDefinition) -> dict[str, Any]:
    return {
        "cpu_usage": {"total_usage": int(sample.seconds * _NANOSECONDS)},
        "system_cpu_usage": int(sample.machine * _NANOSECONDS),
        "online_cpus": max(1, definition.cpu // 1024),
    }


def _times(one: EcsTask) -> Mapping[str, str]:
    known = {"CreatedAt": one.created_at, "StartedAt": one.started_at, "FinishedAt": one.stopped_at}
    return {name: _written(at) for name, at in known.items() if at is not None}


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
