"""The database's connections: a pool, short time-outs, and one error for "cannot be asked now"."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from backend.settings import DatabaseSettings
from backend.store.connect import connect_arguments, url
from backend.store.connection import BoundedConnection
from backend.store.outage import Outage
from backend.store.tables import revision

# How long a request may wait for its work with the database, and how much of it for a connection.
# Whoever asks the backend must be ready to wait for longer (the frontend's client is).
UNIT_SECONDS = 5
POOL_WAIT_SECONDS = 4


class DatabaseUnavailableError(Exception):
    """The database cannot be asked: it is down, or took too long. Trying again may help."""


class DatabaseBusyError(DatabaseUnavailableError):
    """The database is well, but too many ask at the same time."""


@dataclass(slots=True)
class Write:
    """A transaction that changes what the public sees. Others go on beside it.

    It locks each row that its decisions rest on before it reads it, and always in this order, so
    that two never wait for each other: the incident or the maintenance, then components by id, then
    a component's name (`hold` of each store module does it). `now` is later than any time that a
    held row has.
    """

    connection: AsyncConnection
    now: dt.datetime

    def follow(self, updated_at: dt.datetime) -> None:
        """Make `now` later than the last change of a row that is held."""
        self.now = max(self.now, updated_at + dt.timedelta(microseconds=1))


class Database:
    def __init__(self, settings: DatabaseSettings, *, pool_size: int = 10) -> None:
        self._engine = create_async_engine(
            url(
                settings, settings.database_username, settings.database_password.get_secret_value()
            ),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            # A connection that a failover cut is found out before a request is spent on it.
            pool_pre_ping=True,
            # Most work is single statements: their connections need no setting up, nor undoing.
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,  # in errors, and so in the logs: they hold what people wrote
            connect_args={
                **connect_arguments(settings),
                "async_creator_fn": BoundedConnection.connect,
            },
        )
        self._transactions = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._snapshot = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._outage = Outage()
        self.changed_at = 0.0
        """When this process last ended a change, by the monotonic clock."""

    @asynccontextmanager
    async def query(self) -> AsyncIterator[AsyncConnection]:
        """For single statements, each a transaction of its own."""
        async with self._availability(), self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """For queries that must agree with each other; read-only."""
        async with self._availability(), self._snapshot.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write(self, *, alone: bool = False) -> AsyncIterator[Write]:
        """For a change of what the public sees; `alone`: while no other such change goes on.

        Those that are not alone share the revision's row, which is only written at the commit. A
        program of the release before locks that row for itself (FOR UPDATE), so it is kept out.
        """
        clock = sa.select(sa.func.clock_timestamp(), revision.c.value)
        locked = clock.with_for_update(read=not alone, key_share=not alone)
        try:
            async with self._availability(), self._transactions.begin() as connection:
                (now, _) = (await connection.execute(locked)).one()
                yield Write(connection, now)
        finally:  # also when it failed: the commit may have been done
            self.changed_at = time.monotonic()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """For changes that the public does not see."""
        async with self._availability(), self._transactions.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def time_limit(self) -> AsyncIterator[None]:
        """Raises `DatabaseUnavailableError` after `UNIT_SECONDS`: a server that hangs never would.

        The work is cancelled, and so the connection that it was waiting for is cut.
        """
        try:
            async with asyncio.timeout(UNIT_SECONDS):
                yield
        except TimeoutError as error:
            self._outage.failed(TimeoutError(f"no answer within {UNIT_SECONDS} s"))
            raise DatabaseUnavailableError from error

    @asynccontextmanager
    async def _availability(self) -> AsyncIterator[None]:
        try:
            async with self.time_limit():
                yield
        except exc.TimeoutError as error:
            self._outage.busy()
            raise DatabaseBusyError from error
        except (exc.OperationalError, exc.InterfaceError) as error:
            self._outage.failed(error)
            raise DatabaseUnavailableError from error
        except exc.DBAPIError as error:
            # A server that became a replica answers, but refuses to write.
            if not error.connection_invalidated and _sqlstate(error) != "25006":
                raise
            await self._engine.dispose()
            self._outage.failed(error)
            raise DatabaseUnavailableError from error
        self._outage.answered()


def _sqlstate(error: exc.DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
