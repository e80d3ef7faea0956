"""The database clusters of the blueprint, and their servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bonkei.blueprint.rds import DatabaseCluster
from bonkei.miniature.lifecycle.together import close_all
from bonkei.miniature.steps import Steps
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.manager import Database
from bonkei.services.rds.snapshot import DatabaseSnapshot

if TYPE_CHECKING:
    from bonkei.services.rds.reading.reader import Reader


class Databases:
    """Starts the declared clusters, and stops those that are no longer in the definitions."""

    name = "databases"

    def __init__(self, make: Callable[[DatabaseCluster, str], Database], server: str) -> None:
        """`server`: address and user of the user's own server; empty without one."""
        self._make = make
        self._server = server
        self._running: dict[str, Database] = {}

    async def follow(
        self, clusters: Sequence[DatabaseCluster], addresses: Mapping[str, str], steps: Steps
    ) -> None:
        """`addresses`: by the cluster's ARN. Raises DatabaseError for the first cluster that
        fails."""
        for arn in set(self._running) - {cluster.arn for cluster in clusters}:
            await self._running.pop(arn).stop()  # its data stays
        for cluster in clusters:
            if cluster.arn in self._running:
                await self._running[cluster.arn].apply(cluster)
                continue
            if self._server:
                steps.note(f"using the PostgreSQL server at {self._server} (BONKEI_DATABASE_URL)")
            with steps.step("database") as step:
                database = self._make(cluster, addresses[cluster.arn])
                self._running[cluster.arn] = database
                await database.start()
                step.detail = f"{cluster.identifier}: {database.snapshot().server}"
            for each in database.others:
                steps.note(each)

    def snapshot(self) -> list[DatabaseSnapshot]:
        return [database.snapshot() for database in self._running.values()]

    def reader(self, identifier: str) -> Reader:
        """For looks into a cluster's tables. DatabaseError."""
        for database in self._running.values():
            if database.snapshot().identifier == identifier:
                return database.reader
        raise DatabaseError(f"there is no cluster {identifier}", remedy="see `bonkei status`")

    async def rotate(self, identifier: str) -> None:
        """Another password of the master user. DatabaseError."""
        for database in self._running.values():
            if database.snapshot().identifier == identifier:
                await database.rotate()
                return
        raise DatabaseError(f"{identifier} does not run")

    async def stop(self) -> None:
        """Stop all of them, even if one fails to stop properly."""
        await close_all(*(database.stop for database in self._running.values()))
