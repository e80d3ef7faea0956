"""Runs a query with a role without rights, in a read-only transaction, within bounds.

Statements are not inspected here. PostgreSQL refuses changes: the role has no right to change
anything, and the transaction is read-only from its first statement; this cannot be undone (SET
TRANSACTION: "transaction read-write mode must be set before any query"). A second statement in the
same text is refused by the extended protocol.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import generators, pq, sql

from bonkei.services.rds.connection import Connection
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.reading import role, statements
from bonkei.services.rds.reading.allowance import Allowance
from bonkei.services.rds.reading.statements import SHOWN
from bonkei.services.rds.reading.values import Column, Relation, Rows, Table, Value

ROWS = 50
"""The rows of a page. A query's answer may have four times as many."""
_BYTES = 2 * 1024 * 1024
"""The most bytes of the server's whole answer."""
_AT_ONCE = 2
SECONDS = 3.0
_GRACE = 2.0  # seconds after which a query that has not ended is cancelled
_CONNECT = 3  # seconds
_FARTHEST = 1_000_000  # rows that a page may lie behind
_LONGEST = 100_000  # characters of a question


_KINDS = {
    "r": "table", "p": "partitioned table", "v": "view", "m": "materialized view",
    "f": "foreign table",
}  # fmt: skip


class ReadingError(DatabaseError):
    """PostgreSQL refuses a query, or the query takes too long."""


class Reader:
    """`admin`: the superuser of the cluster's own server. `database`: the one with the tables.
    `seconds`: the limit for one statement."""

    def __init__(
        self, admin: Callable[[], Connection], database: str, seconds: float = SECONDS
    ) -> None:
        self._admin = admin
        self.database = database
        self._seconds = seconds
        self._password = ""
        self._making = asyncio.Lock()
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def relations(self) -> tuple[Relation, ...]:
        """Tables and views of people. Raises ReadingError."""
        found = await self._ask(sql.SQL(statements.TABLES), 2_000)
        return tuple(
            Relation(schema, name, _KINDS.get(kind, kind), int(rows), int(size))
            for schema, name, kind, rows, size in found.texts
        )

    async def rows(self, table: Table, offset: int = 0) -> Rows:
        """A page of a table, beginning `offset` rows after its first. Raises ReadingError."""
        if not 0 <= offset <= _FARTHEST:
            raise ReadingError(
                f"a page begins at row 0 to {_FARTHEST:,}",
                remedy="ask for later rows with a condition, as a query",
            )
        described = await self._ask(statements.columns(table), 2_000)
        columns = tuple(
            Column(name, kind, int(key), required == "true")
            for name, kind, key, required in described.texts
        )
        if not columns:
            raise ReadingError(f"there is no table {table.schema}.{table.name}")
        found = await self._ask(statements.page(table, columns, offset, ROWS + 1), ROWS)
        paired = tuple(
            tuple(
                Value(text, int(length or 0))
                for text, length in zip(line[::2], line[1::2], strict=True)
            )
            for line in found.lines
        )
        return Rows(columns, paired, found.more, found.seconds, found.note)

    async def query(self, statement: str) -> Rows:
        """The answer to a user's statement. Raises ReadingError."""
        if len(statement) > _LONGEST or "\0" in statement:
            raise ReadingError(f"a query has at most {_LONGEST:,} characters, and no NUL")
        found = await self._ask(statement.encode(errors="replace"), 4 * ROWS)
        lines = tuple(
            tuple(Value(None if text is None else text[:SHOWN], len(text or "")) for text in line)
            for line in found.lines
        )
        columns = tuple(Column(name, "") for name in found.names)
        return Rows(columns, lines, found.more, found.seconds, found.note)

    async def _ask(self, statement: sql.Composable | bytes, most: int) -> _Answer:
        text = statement if isinstance(statement, bytes) else statement.as_bytes(None)
        began = time.monotonic()
        async with self._place():
            try:
                return await self._carry_out(text, most, began)
            except psycopg.Error as error:
                raise _refused(error, self._seconds) from None

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds / 2):
                await self._places.acquire()
        except TimeoutError:
            raise ReadingError(
                "other questions are under way", remedy="wait until one is answered"
            ) from None
        try:
            yield
        finally:
            self._places.release()

    async def _carry_out(self, statement: bytes, most: int, began: float) -> _Answer:
        admin, answer = self._admin(), _Gathered(most)
        last = self._seconds + _GRACE
        async with Allowance((admin.host, admin.port), _BYTES, last) as way:
            try:
                async with self._open(way.port) as connection:
                    await connection.execute("BEGIN READ ONLY")
                    # From the first snapshot on, the transaction cannot become read-write.
                    await connection.execute("SELECT 1")
                    await _gather(connection, statement, answer)
            except psycopg.OperationalError:
                if way.is_late:
                    raise ReadingError(
                        f"the database has not answered within {last:.0f} s", remedy=_SMALLER
                    ) from None
                if not way.is_spent:
                    raise
                answer.more = True
                answer.note = f"the answer has more than {_BYTES >> 20} MB: the rest is left out"
        seconds = time.monotonic() - began
        return _Answer(answer.names, answer.lines, answer.more, seconds, answer.note)

    @asynccontextmanager
    async def _open(self, port: int) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
        async with self._making:
            if not self._password:
                self._password = await asyncio.to_thread(_make_role, self._admin())
        try:
            connection = await self._connect(port)
        except psycopg.OperationalError:
            self._password = ""  # another client may have changed it: the next query resets it
            raise
        try:
            yield connection
        finally:
            # Not `close`, because that would wait for the running statement.
            connection.pgconn.finish()
            await connection.close()

    async def _connect(self, port: int) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(
            host="127.0.0.1",
            port=port,
            user=role.NAME,
            password=self._password,
            dbname=self.database,
            autocommit=True,
            connect_timeout=max(_CONNECT, int(self._seconds)),
            application_name="bonkei console",
            options=_options(self._seconds),
            gssencmode="disable",
            sslmode="disable",
        )


@dataclass(frozen=True, slots=True)
class _Answer:
    names: tuple[str, ...]
    lines: Sequence[tuple[str | None, ...]]
    more: bool
    seconds: float
    note: str = ""

    @property
    def texts(self) -> list[tuple[str, ...]]:
        """The texts of a column without NULL."""
        return [tuple(each or "" for each in line) for line in self.lines]


@dataclass(slots=True)
class _Gathered:
    """The rows so far, also if the connection ended."""

    most: int
    names: tuple[str, ...] = ()
    lines: list[tuple[str | None, ...]] = field(default_factory=list)
    more: bool = False
    note: str = ""


async def _gather(
    connection: psycopg.AsyncConnection[tuple[object, ...]], statement: bytes, into: _Gathered
) -> None:
    """Read row by row, so that unwanted rows are not read. Each value is in PostgreSQL's text form,
    so it cannot be misread. Raises psycopg.Error."""
    server = connection.pgconn
    server.send_query_params(statement, None)
    server.set_single_row_mode()
    await connection.wait(generators.send(server))
    while (found := await connection.wait(generators.fetch(server))) is not None:
        if found.status not in _ANSWERS:
            if found.status == pq.ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(found)
            raise ReadingError("COPY has no answer here", remedy="ask with SELECT")
        into.names = tuple(_text(found.fname(place) or b"") for place in range(found.nfields))
        for row in range(found.ntuples):
            if len(into.lines) == into.most:
                into.more = True
                return
            values = (found.get_value(row, place) for place in range(found.nfields))
            into.lines.append(tuple(None if each is None else _text(each) for each in values))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


_ANSWERS = (
    pq.ExecStatus.SINGLE_TUPLE, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK,
    pq.ExecStatus.EMPTY_QUERY,
)  # fmt: skip


def _options(seconds: float) -> str:
    """Settings of the session. A statement can change them, but only for a later one."""
    milliseconds = int(seconds * 1000)
    settings = {
        "statement_timeout": milliseconds,
        "lock_timeout": min(milliseconds, 500),
        # Longer, because a pause of this process is not a slow statement. A session ends with its
        # connection anyway.
        "idle_in_transaction_session_timeout": milliseconds + int(_GRACE * 1000),
        "default_transaction_read_only": "on",
        "client_connection_check_interval": 1000,
        "max_parallel_workers_per_gather": 0,
        "jit": "off",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


_SMALLER = "ask for less: a condition, an index, a LIMIT"


def _make_role(admin: Connection) -> str:
    with admin.open() as connection:
        return role.ensure(connection)


def _refused(error: psycopg.Error, seconds: float) -> ReadingError:
    """An error with PostgreSQL's own message."""
    said = " ".join(str(error).split())[:1_000] or type(error).__name__
    if isinstance(error, psycopg.errors.QueryCanceled):
        return ReadingError(f"it took longer than {seconds:g} s: {said}", remedy=_SMALLER)
    if isinstance(error, _WRITES):
        return ReadingError(said, remedy="the console only reads; write with a client of your own")
    return ReadingError(said)


_WRITES = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)
