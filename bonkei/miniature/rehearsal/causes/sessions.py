"""Real sessions of the master user at the PostgreSQL server of a database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bonkei.base.vault import Vault
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.miniature.rehearsal.values import RehearsalError
from bonkei.services.rds.snapshot import DatabaseSnapshot

if TYPE_CHECKING:
    import psycopg

NAME = "bonkei_rehearsal"
_SECONDS = 5
_AT_ONCE = 16
_MOST = 1000
_WORK = "select count(*) from generate_series(1, 400000000)"
_CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where backend_type = 'client backend' and application_name <> %s
"""


@dataclass(frozen=True, slots=True)
class Server:
    """The server's address and user. `find` raises RehearsalError if no server of the cluster runs
    here."""

    host: str
    port: int
    user: str
    password: str
    database: str

    @classmethod
    def find(
        cls, cluster: DatabaseCluster, states: Sequence[DatabaseSnapshot], vault: Vault
    ) -> Server:
        state = next((one for one in states if one.identifier == cluster.identifier), None)
        if state is None or state.pid is None or state.status != "available":
            raise RehearsalError(f"the server of {cluster.identifier} does not run here")
        host, _, port = state.endpoint.rpartition(":")
        value = vault.get(cluster.master_secret_arn or cluster.arn) or ""
        try:
            password = str(json.loads(value)["password"])
        except (ValueError, KeyError, TypeError):
            password = value
        database = state.database or "postgres"
        return cls(host, int(port), cluster.master_username, password, database)

    async def connect(self, database: str = "") -> psycopg.AsyncConnection[tuple[object, ...]]:
        """psycopg.Error where the server refuses."""
        import psycopg  # noqa: PLC0415 - it takes a while to load, and 10 MiB

        return await psycopg.AsyncConnection.connect(
            host=self.host, port=self.port, user=self.user, password=self.password,
            dbname=database or self.database, application_name=NAME, autocommit=True,
            connect_timeout=_SECONDS,
        )  # fmt: skip

    async def most_connections(self) -> int:
        """The server's limit; 0 if it does not answer."""
        try:
            async with await self.connect() as connection:
                row = await (await connection.execute("show max_connections")).fetchone()
        except _refusals():
            return 0
        return int(str(row[0])) if row else 0


def _refusals() -> tuple[type[Exception], ...]:
    """What a server raises that refuses a session or ends it."""
    import psycopg  # noqa: PLC0415 - as above

    return psycopg.Error, OSError


class Statement(Quiet):
    """A statement that PostgreSQL refuses, and logs as ERROR."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def push(self) -> None:
        with suppress(*_refusals()):
            async with await self._server.connect() as connection:
                await connection.execute(f"select * from {NAME}_of_an_alarm")  # noqa: S608 - a constant


class RefusedSignIn(Quiet):
    """A sign-in to a database that does not exist. PostgreSQL logs it as FATAL."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def push(self) -> None:
        with suppress(*_refusals()):
            await (await self._server.connect(NAME)).close()


class Work(Quiet):
    """This many sessions count for as long as they may."""

    def __init__(self, server: Server, count: int) -> None:
        self._server = server
        self._count = count
        self._jobs: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        self._jobs = [asyncio.create_task(self._count_up()) for _ in range(self._count)]

    async def _count_up(self) -> None:
        with suppress(*_refusals()):
            async with await self._server.connect() as connection:
                await connection.execute("set statement_timeout = 120000")
                while True:
                    await connection.execute(_WORK)

    async def end(self) -> None:
        """Ask the server to end a session's work."""
        jobs, self._jobs = self._jobs, []
        if not jobs:
            return
        with suppress(*_refusals()):
            async with await self._server.connect() as connection:
                await connection.execute(
                    "select pg_cancel_backend(pid) from pg_stat_activity"
                    " where application_name = %s and query = %s",
                    (NAME, _WORK),
                )
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


class Outage(Quiet):
    """Takes every connection that the server allows, and cuts those of the programs, so they get
    none. All are closed at the end, also if this process dies. `ask`: requests meanwhile."""

    def __init__(self, server: Server, ask: Callable[[], Awaitable[None]]) -> None:
        self._server = server
        self._ask = ask
        self._held: list[psycopg.AsyncConnection[tuple[object, ...]]] = []
        self._is_over = False

    async def push(self) -> None:
        """Those that came free are taken, too."""
        if self._is_over:
            return
        await self._cut()
        while len(self._held) < _MOST:
            opened = await asyncio.gather(
                *(self._server.connect() for _ in range(_AT_ONCE)), return_exceptions=True
            )
            made = [one for one in opened if not isinstance(one, BaseException)]
            self._held += made
            if len(made) < _AT_ONCE:
                break
            await self._cut()
        await self._ask()

    async def _cut(self) -> None:
        for connection in self._held[:1]:
            with suppress(*_refusals()):
                await connection.execute(_CUT, (NAME,))

    async def end(self) -> None:
        self._is_over = True
        held, self._held = self._held, []
        for start in range(0, len(held), _AT_ONCE):
            closing = (connection.close() for connection in held[start : start + _AT_ONCE])
            await asyncio.gather(*closing, return_exceptions=True)
