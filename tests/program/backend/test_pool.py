"""The pool of connections: what is kept, what is closed, and who waits."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from backend.settings import ServeSettings
from backend.store.connection import Connection
from backend.store.database import Database, DatabaseUnavailableError
from backend.store.pool import Pool, PoolBusyError

from tests.program.backend.postgresql import Server

WAIT = 30.0


def pool_of(settings: ServeSettings, size: int = 2, wait_seconds: float = WAIT) -> Pool:
    return Pool(lambda: Connection.open(settings), size=size, wait_seconds=wait_seconds)


async def number(connection: Connection) -> int:
    """The server's number of this connection."""
    (row,) = await connection.all("SELECT pg_backend_pid() AS pid")
    return int(row["pid"])


async def numbers(pool: Pool, count: int) -> list[int]:
    """Of `count` uses, one after the other."""
    found = []
    for _ in range(count):
        async with pool.connection() as connection:
            found.append(await number(connection))
    return found


async def test_one_connection_is_enough_for_one_after_the_other(settings: ServeSettings):
    pool = pool_of(settings)
    assert len(set(await numbers(pool, 3))) == 1
    await pool.clear()


async def test_who_comes_too_late_waits_for_a_connection(settings: ServeSettings):
    pool = pool_of(settings, size=1)
    async with pool.connection() as connection:
        waiting = asyncio.create_task(numbers(pool, 1))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        mine = await number(connection)
    assert await waiting == [mine]
    await pool.clear()


async def test_nobody_waits_for_ever(settings: ServeSettings):
    pool = pool_of(settings, size=1, wait_seconds=0.05)
    async with pool.connection():
        with pytest.raises(PoolBusyError):
            await numbers(pool, 1)
    assert len(await numbers(pool, 1)) == 1
    await pool.clear()


async def test_a_connection_that_the_server_has_cut_is_replaced(
    settings: ServeSettings, server: Server
):
    pool = pool_of(settings)
    (first,) = await numbers(pool, 1)
    server.execute(f"SELECT pg_terminate_backend({first})")
    (second,) = await numbers(pool, 1)
    assert second != first
    await pool.clear()


async def test_after_a_clearing_no_old_connection_is_used(settings: ServeSettings):
    pool = pool_of(settings)
    async with pool.connection() as connection:
        old = {await number(connection), *await numbers(pool, 1)}
        await pool.clear()
    assert len(old) == 2
    assert old.isdisjoint(await numbers(pool, 2))
    await pool.clear()


async def test_an_open_transaction_is_not_given_to_the_next(settings: ServeSettings):
    pool = pool_of(settings, size=1)
    async with pool.connection() as connection:
        first = await number(connection)
        await connection.run("BEGIN")
    assert await numbers(pool, 1) != [first]
    await pool.clear()


async def test_a_cancelled_statement_costs_its_connection_only(settings: ServeSettings):
    pool = pool_of(settings, size=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), pool.connection() as connection:
            await connection.run("SELECT pg_sleep(1)")
    assert len(await numbers(pool, 1)) == 1
    await pool.clear()


async def test_a_failed_opening_takes_no_place(settings: ServeSettings):
    attempts = 0

    async def connect() -> Connection:
        nonlocal attempts
        attempts += 1
        if attempts <= 2:
            raise psycopg.OperationalError("refused")
        return await Connection.open(settings)

    pool = Pool(connect, size=1, wait_seconds=0.05)
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError, match="refused"):
            await numbers(pool, 1)
    assert len(await numbers(pool, 1)) == 1
    await pool.clear()


async def test_a_server_that_only_reads_is_unavailable(settings: ServeSettings):
    """So it is after a failover, while the address still names the former writer."""
    database = Database(settings, pool_size=1)
    async with database.query() as connection:
        first = await number(connection)
        await connection.run("SET default_transaction_read_only = on")
    with pytest.raises(DatabaseUnavailableError):
        async with database.query() as connection:
            await connection.run("DELETE FROM sign_in_attempts")
    async with database.query() as connection:
        assert await number(connection) != first
        await connection.run("DELETE FROM sign_in_attempts")
    await database.close()


async def insert_and_fail(database: Database, row: dict[str, object]) -> None:
    async with database.transaction() as connection:
        await connection.insert("sign_in_attempts", row)
        await connection.run("SELECT 1/0")


async def test_a_failed_transaction_leaves_nothing(settings: ServeSettings):
    database = Database(settings, pool_size=1)
    row: dict[str, object] = {"key": b"k", "attempts": 1, "expires_at": "2030-01-01T00:00:00Z"}
    with pytest.raises(psycopg.errors.DivisionByZero):
        await insert_and_fail(database, row)
    async with database.transaction() as connection:
        assert await connection.all("SELECT * FROM sign_in_attempts") == []
        await connection.insert("sign_in_attempts", row, row | {"key": b"l"})
    async with database.query() as connection:
        assert await connection.run("DELETE FROM sign_in_attempts") == 2
    await database.close()


async def test_the_public_data_is_read_from_one_snapshot(settings: ServeSettings):
    database = Database(settings, pool_size=2)
    row: dict[str, object] = {"key": b"k", "attempts": 1, "expires_at": "2030-01-01T00:00:00Z"}
    async with database.snapshot() as connection:
        assert await connection.all("SELECT * FROM sign_in_attempts") == []
        async with database.transaction() as other:
            await other.insert("sign_in_attempts", row)
        assert await connection.all("SELECT * FROM sign_in_attempts") == []
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await connection.run("DELETE FROM sign_in_attempts")
    async with database.query() as connection:
        assert await connection.run("DELETE FROM sign_in_attempts") == 1
    await database.close()
