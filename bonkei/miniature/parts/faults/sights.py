"""The other parts' data for the faults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bonkei.base.events import Endpoint
from bonkei.blueprint import Blueprint
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.miniature.parts.faults.estate import (
    Places,
    database_thing,
    estate,
    service_zones,
)
from bonkei.services.ecs.snapshot import TasksSnapshot
from bonkei.services.edge import TargetKey
from bonkei.services.faults.values import Estate, Trouble
from bonkei.services.rds.snapshot import DatabaseSnapshot

if TYPE_CHECKING:
    from bonkei.services.endpoint.cloud import Cloud


@dataclass(frozen=True, slots=True)
class SeenAround:
    """`tasks` and `cloud` are None before the start has created them."""

    blueprint: Callable[[], Blueprint]
    tasks: Callable[[], TasksSnapshot | None]
    targets: Callable[[], Mapping[TargetKey, Endpoint]]
    databases: Callable[[], Sequence[DatabaseSnapshot]]
    why_not_gated: Callable[[DatabaseCluster], str]
    disturb_databases: Callable[[Mapping[str, Trouble]], None]
    cloud: Callable[[], Cloud | None]


class Sights:
    """The present estate. It remembers the zones of tasks."""

    def __init__(self, around: SeenAround) -> None:
        self.around = around
        self._places = Places()

    def estate(self, shut: Collection[str]) -> Estate:
        """`shut`: zones that get no new task."""
        around, blueprint = self.around, self.around.blueprint()
        snapshot, cloud = around.tasks(), around.cloud()
        tasks = snapshot.tasks if snapshot is not None else ()
        placed = self._places.follow(tasks, service_zones(blueprint), shut)
        states = around.databases()
        return estate(
            blueprint,
            tasks,
            placed,
            around.targets(),
            (
                database_thing(blueprint, one, states, around.why_not_gated(one))
                for one in blueprint.database_clusters
            ),
            cloud.served if cloud is not None else (),
        )

    def pids_of_task(self, task_id: str) -> list[int]:
        """Of its containers."""
        snapshot = self.around.tasks()
        tasks = snapshot.tasks if snapshot is not None else ()
        return [pid for task in tasks if task.id == task_id for _, pid in task.pids]

    def pids_of_database(self, name: str) -> list[int]:
        """Of its server, while it runs here."""
        return [
            state.pid
            for state in self.around.databases()
            if state.identifier == name and state.pid is not None
        ]
