"""ECS: how much of a service's reserved CPU and memory its tasks use.

"Amazon ECS CloudWatch metrics",
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html "Amazon ECS
Container Insights metrics",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
"""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.ecs import TasksSnapshot
from bonkei.services.ecs.snapshot import TaskSnapshot

NAMES = frozenset(
    {
        *(("AWS/ECS", name) for name in ("CPUUtilization", "MemoryUtilization")),
        *(
            ("ECS/ContainerInsights", name)
            for name in (
                "CpuReserved",
                "CpuUtilized",
                "DeploymentCount",
                "DesiredTaskCount",
                "MemoryReserved",
                "MemoryUtilized",
                "PendingTaskCount",
                "RunningTaskCount",
            )
        ),
    }
)
_MIB = 1024 * 1024
_UNITS = 1024  # of a vCPU
_RUNNING = ("RUNNING", "DEACTIVATING", "STOPPING")


def measure_tasks(blueprint: Blueprint, tasks: TasksSnapshot, now: float) -> Iterator[Datum]:
    """The metrics of every service with a running task. Container Insights is added if the cluster
    has it."""
    clusters = {cluster.arn: cluster for cluster in blueprint.clusters}
    for service in blueprint.services:
        cluster = clusters.get(service.cluster_arn)
        name = cluster.name if cluster is not None else service.cluster_arn.rpartition("/")[2]
        dimensions = {"ClusterName": name, "ServiceName": service.name}
        own = [
            task
            for task in tasks.tasks
            if task.group == f"service:{service.name}" and task.last_status in _RUNNING
        ]
        yield from _utilization(blueprint, service, own, dimensions, now)
        if cluster is not None and cluster.container_insights:
            yield from _insights(blueprint, service, tasks, own, dimensions, now)


def _utilization(
    blueprint: Blueprint,
    service: Service,
    tasks: list[TaskSnapshot],
    dimensions: dict[str, str],
    now: float,
) -> Iterator[Datum]:
    definition = blueprint.task_definition(service.task_definition_arn)
    for task in tasks:
        if definition.cpu:
            share = task.cpu_percent * _UNITS / definition.cpu
            metric = metric_id("AWS/ECS", "CPUUtilization", dimensions)
            yield datum(metric, now, share, "Percent")
        if definition.memory:
            share = 100 * task.memory / (definition.memory * _MIB)
            metric = metric_id("AWS/ECS", "MemoryUtilization", dimensions)
            yield datum(metric, now, share, "Percent")


def _insights(
    blueprint: Blueprint,
    service: Service,
    tasks: TasksSnapshot,
    own: list[TaskSnapshot],
    dimensions: dict[str, str],
    now: float,
) -> Iterator[Datum]:
    definition = blueprint.task_definition(service.task_definition_arn)
    state = next((one for one in tasks.services if one.arn == service.arn), None)
    found: dict[str, tuple[float, str]] = {
        "CpuReserved": (float(definition.cpu * len(own)), "None"),
        "CpuUtilized": (sum(task.cpu_percent for task in own) / 100 * _UNITS, "None"),
        "MemoryReserved": (float(definition.memory * len(own)), "Megabytes"),
        "MemoryUtilized": (sum(task.memory for task in own) / _MIB, "Megabytes"),
    }
    if state is not None:
        found |= {
            "DesiredTaskCount": (float(state.desired_count), "Count"),
            "RunningTaskCount": (float(state.running_count), "Count"),
            "PendingTaskCount": (float(state.pending_count), "Count"),
            "DeploymentCount": (
                float(sum(one.status != "INACTIVE" for one in state.deployments)),
                "Count",
            ),
        }
    for name, (value, unit) in found.items():
        yield datum(metric_id("ECS/ContainerInsights", name, dimensions), now, value, unit)
