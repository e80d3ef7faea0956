"""The database clusters of the blueprint, and their servers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from bonkei.analysis.policy.lenient import matches_any
from bonkei.analysis.policy.managed import managed_statements
from bonkei.base.arn import Arn
from bonkei.base.errors import BonkeiError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.miniature.lifecycle.together import close_all
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint
from bonkei.miniature.steps import Steps
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.manager import Database
from bonkei.services.rds.snapshot import DatabaseSnapshot
from bonkei.services.rds.tokens import CheckToken

if TYPE_CHECKING:
    from bonkei.services.rds.reading.reader import Reader


CONNECT = "rds-db:connect"
MakeDatabase: TypeAlias = Callable[[DatabaseCluster, str, CheckToken], Database]


def declared_clusters(blueprint: Blueprint) -> Sequence[DatabaseCluster]:
    """The clusters. Where no role may sign in with a token, nothing stands before the server."""
    may = any(
        statement.effect == "Allow" and matches_any(statement.actions, CONNECT, ignore_case=True)
        for role in blueprint.roles
        for statement in (*role.statements, *managed_statements(role))
    )
    return [
        replace(one, takes_tokens=one.takes_tokens and may) for one in blueprint.database_clusters
    ]


class Databases:
    """Starts the declared clusters, and stops those that are no longer in the definitions."""

    name = "databases"

    def __init__(
        self,
        make: MakeDatabase,
        server: str,
        aws: AwsEndpoint,
        hosts: Callable[[Collection[str]], Collection[str]],
    ) -> None:
        """`server`: address and user of the user's own server; empty without one. `aws` decides
        who may sign in with a token. `hosts`: these names, and the addresses here."""
        self._make = make
        self._server = server
        self._aws = aws
        self._hosts = hosts
        self._running: dict[str, Database] = {}
        self._declared: dict[str, DatabaseCluster] = {}

    async def follow(
        self, clusters: Sequence[DatabaseCluster], addresses: Mapping[str, str], steps: Steps
    ) -> None:
        """`addresses`: by the cluster's ARN. Raises DatabaseError for the first cluster that
        fails."""
        for arn in set(self._running) - {cluster.arn for cluster in clusters}:
            await self._running.pop(arn).stop()  # its data stays
        self._declared = {cluster.arn: cluster for cluster in clusters}
        for cluster in clusters:
            if cluster.arn in self._running:
                await self._running[cluster.arn].apply(cluster)
                continue
            if self._server:
                steps.note(f"using the PostgreSQL server at {self._server} (BONKEI_DATABASE_URL)")
            with steps.step("database") as step:
                host = addresses[cluster.arn]
                check = partial(self._refused, cluster.arn)
                database = self._make(cluster, host, check)
                self._running[cluster.arn] = database
                await database.start()
                step.detail = f"{cluster.identifier}: {database.snapshot().server}"
            for each in database.others:
                steps.note(each)

    def _refused(self, arn: str, user: str, token: str) -> str:
        """Why a token is refused; empty if it is accepted. A person may do everything, as in the
        rest of the endpoint."""
        cluster, place = self._declared[arn], Arn.of(arn)
        own = (cluster.endpoint, cluster.reader_endpoint)
        names = {*own, *(each.endpoint for each in cluster.instances)} - {""}
        places = {f"{host}:{cluster.port}" for host in self._hosts(names)}
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
