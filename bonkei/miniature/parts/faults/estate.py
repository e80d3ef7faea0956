"""The possible targets, from the blueprint and the parts' snapshots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import chain

from bonkei.analysis.network.zones import every_zone, zones_of
from bonkei.blueprint import Blueprint
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.services.ecs.snapshot import TaskSnapshot
from bonkei.services.edge import TargetKey
from bonkei.services.faults.values import DatabaseThing, Estate, TaskThing
from bonkei.services.faults.zones import choose_zone
from bonkei.services.rds.snapshot import DatabaseSnapshot

_LEAVING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")


class Places:
    """The zone of each task, from its first sight until it is gone."""

    def __init__(self) -> None:
        self._placed: dict[str, str] = {}

    def follow(
        self,
        tasks: Iterable[TaskSnapshot],
        zones: Mapping[str, tuple[str, ...]],
        shut: Collection[str],
    ) -> Mapping[str, str]:
        """Id -> zone. `zones`: those of each service. New tasks are not placed in a closed zone."""
        tasks = tuple(tasks)
        known = {task.id for task in tasks}
        self._placed = {task: zone for task, zone in self._placed.items() if task in known}
        for task in tasks:
            if task.id not in self._placed:
                name = service_of(task)
                beside = Counter(
                    self._placed[one.id]
                    for one in tasks
                    if one.id in self._placed and service_of(one) == name
                )
                self._placed[task.id] = choose_zone(zones.get(name, ()), beside, shut)
        return self._placed


def service_of(task: TaskSnapshot) -> str:
    """The service's name; empty for a task without a service."""
    kind, _, name = task.group.partition(":")
    return name if kind == "service" else ""


def service_zones(blueprint: Blueprint) -> Mapping[str, tuple[str, ...]]:
    """Name of a service -> the zones of its subnets."""
    return {one.name: zones_of(blueprint, one.subnet_ids) for one in blueprint.services}


def estate(
    blueprint: Blueprint,
    tasks: Iterable[TaskSnapshot],
    placed: Mapping[str, str],
    targets: Iterable[TargetKey],
    databases: Iterable[DatabaseThing],
    aws: tuple[str, ...],
) -> Estate:
    """Tasks whose processes run, the oldest first."""
    groups: dict[str, set[str]] = {}
    for key in targets:
        if not key.port_name:
            groups.setdefault(key.task_id, set()).add(key.arn)
    running = sorted((one for one in tasks if one.pids), key=lambda one: one.created_at or 0.0)
    return Estate(
        tasks=tuple(
            TaskThing(
                one.id,
                service_of(one),
                tuple(sorted(groups.get(one.id, ()))),
                placed.get(one.id, ""),
                one.last_status not in _LEAVING,
            )
            for one in running
        ),
        services=service_zones(blueprint),
        groups={one.arn: one.name for one in blueprint.target_groups},
        databases=tuple(databases),
        aws=aws,
        zones=every_zone(blueprint),
    )


def database_thing(
    blueprint: Blueprint,
    cluster: DatabaseCluster,
    states: Iterable[DatabaseSnapshot],
    why_not_gated: str,
) -> DatabaseThing:
    """An instance's zone is rarely declared. So they take the zones of the subnet group in turn,
    the writer first."""
    state = next((one for one in states if one.identifier == cluster.identifier), None)
    zones = zones_of(blueprint, cluster.subnet_ids)
    count = max(1, len(cluster.instances))
    in_turn = chain.from_iterable([zones] * count) if zones else iter(())
    return DatabaseThing(
        cluster.identifier,
        tuple(zone for zone, _ in zip(in_turn, range(count), strict=False)),
        gated=not why_not_gated,
        runs_here=state is not None and bool(state.data),
        why_not=why_not_gated,
    )
