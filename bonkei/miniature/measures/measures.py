"""Collects all measurements at the end of each minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.miniature.measures import (
    calls,
    database,
    deliveries,
    queues,
    spoken,
    targets,
    tasks,
    traffic,
)
from bonkei.miniature.measures.recent import Answers
from bonkei.services.cloudwatch.metric.model import Datum
from bonkei.services.ecs import TasksSnapshot
from bonkei.services.edge import EdgeSnapshot
from bonkei.services.edge.client.access import Row
from bonkei.services.rds.snapshot import DatabaseSnapshot

MEASURED = (
    tasks.NAMES
    | traffic.NAMES
    | targets.NAMES
    | database.NAMES
    | spoken.NAMES
    | queues.NAMES
    | calls.NAMES
    | deliveries.NAMES
)
"""Namespace and name of each metric."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The metrics that the running parts show on request."""

    edge: Callable[[], EdgeSnapshot]
    tasks: Callable[[], TasksSnapshot | None]
    databases: Callable[[], list[DatabaseSnapshot]]


class Measures:
    """`minute` is called at the end of each; `seen` with the finished requests."""

    def __init__(self, bus: Bus, shown: Shown) -> None:
        self._shown = shown
        self._blueprint = Blueprint()
        self._traffic = traffic.Traffic()
        self._firewalls = targets.Firewalls()
        self._spoken = spoken.Spoken(bus)
        self.calls = calls.Calls()

    def follow(self, blueprint: Blueprint) -> None:
        """Whose names the dimensions have."""
        self._blueprint = blueprint
        self._traffic.follow(blueprint)
        self.calls.follow(blueprint)

    def seen(self, rows: Sequence[Row]) -> None:
        """Finished requests."""
        self._traffic.seen_together(rows)

    def totals(self) -> traffic.Totals:
        """The requests since the start."""
        return self._traffic.totals()

    def recent(self) -> Answers:
        """The visitors' requests of the last minute."""
        return self._traffic.recent()

    def minute(self, now: float, seconds: float) -> Iterator[Datum]:
        """The data of the minute (or less) that ends now. Its timestamps are within that time."""
        end = now - min(1.0, seconds / 2)
        running, edge = self._shown.tasks(), self._shown.edge()
        if running is not None:
            yield from tasks.measure_tasks(self._blueprint, running, end)
        yield from self._traffic.minute(end)
        yield from targets.measure_hosts(self._blueprint, edge, end)
        yield from self._firewalls.minute(self._blueprint, edge, end)
        yield from database.measure_databases(self._blueprint, self._shown.databases(), end)
        yield from self._spoken.minute(end)
        yield from self.calls.minute(end)

    def forget(self, now: float) -> None:
        """What was counted until now is in no minute."""
        for _ in self.minute(now, 0.0):
            pass

    def stop(self) -> None:
        """Nothing is heard any more."""
        self._spoken.stop()
