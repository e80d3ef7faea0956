"""The database's connections: a pool, short time-outs, and one error for "unavailable now"."""

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
from backend.store import time_spent
from backend.store.connect import connect_arguments, url
from backend.store.connection import BoundedConnection
from backend.store.outage import Outage
from backend.store.request_comment import name_request
from backend.store.tables import revision

# How long a request may wait for the database, and how much of that for a connection. Clients of
# the backend must wait longer than this; the frontend's client does.
UNIT_SECONDS = 5
POOL_WAIT_SECONDS = 4


class DatabaseUnavailableError(Exception):
    """The database is down or took too long. A retry may help."""


class DatabaseBusyError(DatabaseUnavailableError):
    """The database works, but too many requests wait at the same time."""


@dataclass(slots=True)
class Write:
    """A transaction that changes public data. Others may run beside it.

    It locks each row before it reads it for a decision, always in this order, so that two never
    deadlock: the incident or the maintenance, then components by id, then a component's name
    (`hold` of each store module does it). `now` is later than any time in a held row.
    """

    connection: AsyncConnection
    now: dt.datetime

    def follow(self, updated_at: dt.datetime) -> None:
        """Make `now` later than the last change of a held row."""
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
            # Finds connections cut by a failover before a request uses one.
            pool_pre_ping=True,
            # Most work is single statements: their connections need no set-up and no reset.
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,  # keeps people's texts out of errors and logs
            connect_args={
                **connect_arguments(settings),
                "async_creator_fn": BoundedConnection.connect,
            },
        )
        engine = self._engine.sync_engine
        sa.event.listen(engine, "before_cursor_execute", name_request, retval=True)
        sa.event.listen(engine, "before_cursor_execute", time_spent.begin)
        sa.event.listen(engine, "after_cursor_execute", time_spent.end)
        self._transactions = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._snapshot = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._outage = Outage()
        self.changed_at = 0.0
        """The monotonic time when this process last finished a change."""

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
        """For a change of public data; `alone`: while no other such change runs.

        The others share a lock on the revision's row, which is only written at the commit. The
        release before locks that row exclusively (FOR UPDATE), so it waits.
        """
        clock = sa.select(sa.func.clock_timestamp(), revision.c.value)
        locked = clock.with_for_update(read=not alone, key_share=not alone)
        try:
            async with self._availability(), self._transactions.begin() as connection:
                (now, _) = (await connection.execute(locked)).one()
                yield Write(connection, now)
        finally:  # also after a failure: the commit may have happened
            self.changed_at = time.monotonic()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """For changes of other data."""
        async with self._availability(), self._transactions.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def time_limit(self) -> AsyncIterator[None]:
        """Raises `DatabaseUnavailableError` after `UNIT_SECONDS`, also if the server hangs.

        The work is cancelled, and its connection is closed.
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
            # A server that became a replica answers, but refuses writes.
            if not error.connection_invalidated and _sqlstate(error) != "25006":
                raise
            await self._engine.dispose()
            self._outage.failed(error)
            raise DatabaseUnavailableError from error
        self._outage.answered()


def _sqlstate(error: exc.DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
