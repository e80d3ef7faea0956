"""The database's connections: a pool, short time-outs, and one error for "unavailable now"."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import LiteralString

import psycopg

from backend.settings import DatabaseSettings
from backend.store.connection import Connection
from backend.store.outage import Outage
from backend.store.pool import Pool, PoolBusyError
from backend.store.sign_in import SignIn

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

    connection: Connection
    now: dt.datetime

    def follow(self, updated_at: dt.datetime) -> None:
        """Make `now` later than the last change of a held row."""
        self.now = max(self.now, updated_at + dt.timedelta(microseconds=1))


class Database:
    def __init__(self, settings: DatabaseSettings, *, pool_size: int = 10) -> None:
        self._pool = Pool(
            partial(Connection.open, settings, SignIn(settings)),
            size=pool_size,
            wait_seconds=POOL_WAIT_SECONDS,
        )
        self._outage = Outage()

    @asynccontextmanager
    async def query(self) -> AsyncIterator[Connection]:
        """For single statements, each a transaction of its own."""
        async with self._availability(), self._pool.connection() as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """For queries that must agree with each other; read-only."""
        async with self._transaction("REPEATABLE READ READ ONLY") as connection:
            yield connection

    @asynccontextmanager
    async def write(self, *, alone: bool = False) -> AsyncIterator[Write]:
        """For a change of public data; `alone`: while no other such change runs.

        The others share a lock on the revision's row, which is only written at the commit. The
        release before locks that row exclusively (FOR UPDATE), so it waits.
        """
        clock = "SELECT clock_timestamp() AS now FROM revision"
        lock = " FOR UPDATE" if alone else " FOR KEY SHARE"
        async with self.transaction() as connection:
            (row,) = await connection.all(clock + lock)
            yield Write(connection, row["now"])

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """For changes of other data."""
        async with self._transaction("READ COMMITTED") as connection:
            yield connection

    async def close(self) -> None:
        await self._pool.clear()

    @asynccontextmanager
    async def _transaction(self, isolation: LiteralString) -> AsyncIterator[Connection]:
        async with self.query() as connection:
            await connection.run("BEGIN ISOLATION LEVEL " + isolation)
            try:
                yield connection
            except BaseException:
                await connection.rollback()
                raise
            await connection.commit()

    @asynccontextmanager
    async def _time_limit(self) -> AsyncIterator[None]:
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
            async with self._time_limit():
                yield
        except PoolBusyError as error:
            self._outage.busy()
            raise DatabaseBusyError from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._outage.failed(error)
            raise DatabaseUnavailableError from error
        except psycopg.errors.ReadOnlySqlTransaction as error:
            # A server that became a replica answers, but refuses writes.
            await self._pool.clear()
            self._outage.failed(error)
            raise DatabaseUnavailableError from error
        self._outage.answered()
