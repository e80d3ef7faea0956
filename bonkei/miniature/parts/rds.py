"""The database clusters of the blueprint, and their servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bonkei.base.arn import Arn
from bonkei.base.errors import BonkeiError
from bonkei.base.vault import Vault
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.miniature.addresses import Addresses
from bonkei.miniature.lifecycle.together import close_all
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint
from bonkei.miniature.steps import Steps
from bonkei.services.rds.backups import Backups
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.estate import Estate, Snapshot, keep_estate, read_estate
from bonkei.services.rds.manager import Database
from bonkei.services.rds.master import keep_password, master_password
from bonkei.services.rds.naming import REHEARSED, is_cluster, rehearsed
from bonkei.services.rds.snapshot import DatabaseSnapshot
from bonkei.services.rds.storage import Storage
from bonkei.services.rds.tokens import CheckToken

if TYPE_CHECKING:
    from bonkei.services.rds.reading.reader import Reader


CONNECT = "rds-db:connect"
MakeDatabase: TypeAlias = Callable[[DatabaseCluster, str, CheckToken], Database]


def _secret(cluster: DatabaseCluster) -> str:
    return cluster.master_secret_arn or cluster.arn


def _not_upgraded(cluster: DatabaseCluster, runs: DatabaseSnapshot) -> str:
    server = runs.server.partition(",")[0]
    declared = f"{cluster.identifier} declares {cluster.engine_version}, runs {server}"
    return f"{declared}: nothing was upgraded here, so try the upgrade on AWS"


class Databases:
    """Starts the declared clusters and the restored ones, and stops those that are gone."""

    name = "databases"

    def __init__(
        self,
        make: MakeDatabase,
        server: str,
        aws: AwsEndpoint,
        addresses: Addresses,
        home: Path,
        vault: Vault,
    ) -> None:
        """`server`: address and user of the user's own server; empty without one. `aws` decides
        who may sign in with a token."""
        self._make = make
        self._server = server
        self._aws = aws
        self._addresses = addresses
        self._home = home
        self._vault = vault
        self._storage = Storage(home)
        self._running: dict[str, Database] = {}
        self._known: dict[str, DatabaseCluster] = {}
        self._lock = asyncio.Lock()
        self._change: asyncio.Task[None] | None = None
        self.declared: Sequence[DatabaseCluster] = ()

    @cached_property
    def estate(self) -> Estate:
        """What calls have made beside the definitions. A rehearsal that was killed has left its
        cluster."""
        found = read_estate(self._home)
        for one in found.clusters:
            if one.address == REHEARSED:
                self._storage.remove(one.identifier)
                found = found.without(one.identifier)
        return found

    async def follow(self, clusters: Sequence[DatabaseCluster], steps: Steps) -> None:
        """Raises DatabaseError for the first cluster that fails."""
        self.declared = clusters
        async with self._lock:
            before = self._known
            self.estate = self.estate.settled(clusters)
            await self._stop_others()
            if self._server and self._known.keys() - self._running.keys():
                steps.note(f"using the PostgreSQL server at {self._server} (BONKEI_DATABASE_URL)")
            for cluster in self._known.values():
                if cluster.arn in self._running:
                    database = self._running[cluster.arn]
                    await database.apply(self._here(cluster)[0])
                    if cluster.engine_version != before[cluster.arn].engine_version:
                        steps.note(_not_upgraded(cluster, database.snapshot()))
                    continue
                with steps.step("database") as step:
                    database = await self._start(cluster)
                    step.detail = f"{cluster.identifier}: {database.snapshot().server}"
                for each in database.others:
                    steps.note(each)

    async def become(
        self, after: Callable[[Estate], Estate], change: Callable[[Storage], None] = lambda _: None
    ) -> None:
        """Stop the servers of clusters that go, `change` the files, and start the others. The
        caller may go meanwhile."""
        self._change = asyncio.create_task(self._become(after, change))
        await asyncio.shield(self._change)

    async def _become(
        self, after: Callable[[Estate], Estate], change: Callable[[Storage], None]
    ) -> None:
        async with self._lock:
            before = self.estate
            self.estate = after(before).settled(self.declared)
            try:
                await self._stop_others()
                await asyncio.to_thread(change, self._storage)
            except BaseException:
                self.estate = before
                await self._stop_others()
                raise
            finally:
                keep_estate(self._home, self.estate)
                await self._start_others()
            known = {_secret(one) for one in (*self.declared, *self.estate.clusters)}
            for secret in {_secret(one) for one in before.clusters} - known:
                self._vault.delete(secret)

    async def rehearse(self, identifier: str, moment: float) -> DatabaseSnapshot:
        """Restore a cluster beside it, with a server that answers; `forget` removes it."""
        source = self._find(identifier)
        restored = rehearsed(source)
        self.share_password(source, restored)
        name = restored.identifier
        await self.become(
            lambda estate: estate.put(restored),
            lambda files: files.restore(identifier, name, moment),
        )
        return self._running[restored.arn].snapshot()

    async def forget(self, identifier: str) -> None:
        """Remove the cluster that a rehearsal has restored, if there is one."""
        name = rehearsed(self._find(identifier)).identifier
        if any(one.identifier == name for one in self.estate.clusters):
            await self.become(lambda estate: estate.without(name), lambda files: files.remove(name))

    async def back_up(self, identifier: str) -> None:
        """Take a base if there is none, or if much was written since. DatabaseError."""
        files = self._running[self._find(identifier).arn].files
        await asyncio.to_thread(Backups(files).keep)

    def _find(self, identifier: str) -> DatabaseCluster:
        for one in self._known.values():
            if one.identifier == identifier and is_cluster(one):
                return one
        raise DatabaseError(f"there is no cluster {identifier}", remedy="see `bonkei status`")

    async def take_snapshot(self, snapshot: Snapshot) -> None:
        """Of its cluster, as it is now."""
        running = self._running.get(snapshot.cluster.arn)
        files = running.files if running else None
        name, cluster = snapshot.identifier, snapshot.cluster.identifier
        await self.become(
            lambda estate: estate.keep(snapshot),
            lambda storage: storage.take_snapshot(cluster, files, name),
        )

    def share_password(self, source: DatabaseCluster, to: DatabaseCluster) -> None:
        """The master user of a restored cluster has the source's password."""
        if not to.master_secret_arn:
            keep_password(to, self._vault, master_password(source, self._vault))

    async def _stop_others(self) -> None:
        """Without an instance, no server runs. The data of those that are stopped stays."""
        every = self.estate.over(self.declared)
        made_here = self.estate.clusters
        self._known = {one.arn: one for one in every if one.instances or one not in made_here}
        for arn in set(self._running) - self._known.keys():
            await self._running.pop(arn).stop()

    async def _start_others(self) -> None:
        for cluster in self._known.values():
            if cluster.arn in self._running:
                await self._running[cluster.arn].apply(self._here(cluster)[0])
            else:
                await self._start(cluster)

    async def _start(self, cluster: DatabaseCluster) -> Database:
        cluster, host = self._here(cluster)
        database = self._make(cluster, host, partial(self._refused, cluster.arn))
        self._running[cluster.arn] = database
        await database.start()
        return database

    def _here(self, cluster: DatabaseCluster) -> tuple[DatabaseCluster, str]:
        """The cluster with the port on which it listens here, and its address."""
        host = self._addresses.loopback.address(f"cluster {cluster.identifier}")
        host, port = self._addresses.loopback.here(host, cluster.port, keeps=True)
        return replace(cluster, port=port), host

    def _refused(self, arn: str, user: str, token: str) -> str:
        """Why a token is refused; empty if it is accepted. A person may do everything, as in the
        rest of the endpoint."""
        cluster, place = self._known[arn], Arn.of(arn)
        own = (cluster.endpoint, cluster.reader_endpoint)
        names = {*own, *(each.endpoint for each in cluster.instances)} - {""}
        places = self._addresses.translator.places(names, cluster.port)
        try:
            caller = self._aws.cloud.token_caller(token, places, user, place.region)
        except BonkeiError as error:
            return error.message
        if not caller.role:
            return ""
        session = caller.arn.rpartition("/")[2]
        resource = f"dbuser:{cluster.resource_id}/{user}"
        target = f"arn:{place.partition}:rds-db:{place.region}:{place.account}:{resource}"
        return self._aws.role(caller.role, session, CONNECT, target)

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
