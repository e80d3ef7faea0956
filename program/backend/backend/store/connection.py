"""A connection to the database: statements as text, rows as dictionaries."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, LiteralString, Self
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

from backend import logs
from backend.settings import DatabaseSettings
from backend.store.connect import connect_arguments
from backend.store.request_comment import name_request
from backend.store.sign_in import SignIn

Row = DictRow
Cursor = psycopg.AsyncCursor[Row]


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """Closed when the task that waits for its answer is cancelled.

    psycopg would ask the server to cancel the statement, and wait for the answer twice five
    seconds. But such a server probably does not answer at all. A statement that goes on there ends
    with its own time-out.
    """

    async def cancel_safe(self, *, timeout: float = 30.0) -> None:  # noqa: ARG002, ASYNC109
        self.pgconn.finish()


class Connection:
    """Each statement is a transaction of its own, until one is BEGIN.

    A value has a name, `%(name)s` in the statement, and is sent apart from it.
    """

    def __init__(self, driver: psycopg.AsyncConnection[Row]) -> None:
        self._driver = driver

    @classmethod
    async def open(cls, settings: DatabaseSettings, sign_in: SignIn | None = None) -> Self:
        return cls(
            await BoundedConnection.connect(
                host=settings.database_host,
                port=settings.database_port,
                dbname=settings.database_name,
                user=settings.database_username,
                password=await (sign_in or SignIn(settings)).password(),
                autocommit=True,
                row_factory=dict_row,
                **connect_arguments(settings),
            )
        )

    async def all(self, statement: LiteralString, **values: object) -> list[Row]:
        return await (await self._execute(statement, values)).fetchall()

    async def one(self, statement: LiteralString, **values: object) -> Row | None:
        """The first row; None if there is none."""
        return await (await self._execute(statement, values)).fetchone()

    async def run(self, statement: LiteralString, **values: object) -> int:
        """The number of rows."""
        return (await self._execute(statement, values)).rowcount

    async def insert(self, table: LiteralString, *rows: Mapping[str, object]) -> None:
        """Rows with the same columns, in one statement."""
        values = {f"{column}_{n}": row[column] for n, row in enumerate(rows) for column in row}
        places = (
            sql.SQL(", ").join(sql.Placeholder(f"{column}_{n}") for column in rows[0])
            for n in range(len(rows))
        )
        statement = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, rows[0])),
            sql.SQL(", ").join(sql.SQL("({})").format(each) for each in places),
        )
        await self._execute(statement.as_string(self._driver), values)

    async def update(
        self, table: LiteralString, row_id: UUID, values: Mapping[str, object]
    ) -> None:
        """Set these columns of the row with this `id`."""
        changes = [
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Placeholder(column))
            for column in values
        ]
        statement = sql.SQL("UPDATE {} SET {} WHERE id = {}").format(
            sql.Identifier(table), sql.SQL(", ").join(changes), sql.Placeholder("row_id")
        )
        await self._execute(statement.as_string(self._driver), {**values, "row_id": row_id})

    async def _execute(self, statement: str, values: Mapping[str, object]) -> Cursor:
        begun = time.perf_counter()
        # Without values, a percent sign is one.
        cursor = await self._driver.execute(name_request(statement).encode(), values or None)
        spent = logs.database_seconds.get()
        if spent is not None:  # a statement that failed does not count
            spent.append(time.perf_counter() - begun)
        return cursor

    async def commit(self) -> None:
        await self._driver.commit()

    async def rollback(self) -> None:
        if not self._driver.closed:
            await self._driver.rollback()

    async def close(self) -> None:
        await self._driver.close()

    async def answers(self) -> bool:
        """False if the server has cut it, or has gone."""
        try:
            await self._driver.execute(b"")
        except psycopg.OperationalError:
            return False
        return True

    @property
    def is_idle(self) -> bool:
        """Open, and outside a transaction."""
        return self._driver.info.transaction_status == TransactionStatus.IDLE
