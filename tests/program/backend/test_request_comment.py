"""The database's log has the request of a failed statement. Its statistics do not."""

from __future__ import annotations

import time

import psycopg
import pytest
from backend import logs
from backend.api.requests import request_id_of
from backend.settings import ServeSettings
from backend.store.database import Database

from tests.program.backend.postgresql import Server


async def test_a_failed_statement_is_logged_with_its_request(
    server: Server, settings: ServeSettings
) -> None:
    database = Database(settings)
    before = len(server.log.read_text())
    token = logs.request_id.set("Root=1-6b08514c-1c8f3c21d5d6000912c21a01")
    try:
        for way in (database.query, database.snapshot, database.transaction):
            async with way() as connection:
                with pytest.raises(psycopg.errors.DivisionByZero):
                    await connection.run("\n    SELECT\n 1/0")
    finally:
        logs.request_id.reset(token)
    async with database.query() as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await connection.run("SELECT 2/0")
    await database.close()
    written = server.log.read_text()[before:]
    comment = "STATEMENT:  /*request_id='Root=1-6b08514c-1c8f3c21d5d6000912c21a01'*/ SELECT"
    assert written.count(comment) == 3
    assert "STATEMENT:  SELECT 2/0" in written


async def test_the_time_of_a_requests_statements_is_known(
    server: Server, settings: ServeSettings
) -> None:
    database = Database(settings)
    spent: list[float] = []
    token = logs.database_seconds.set(spent)
    try:
        async with database.query() as connection:
            began = time.perf_counter()
            await connection.run("SELECT pg_sleep(0.05)")
            between = time.perf_counter()
            await connection.run("SELECT 1")
            ended = time.perf_counter()
    finally:
        logs.database_seconds.reset(token)
    async with database.query() as connection:
        await connection.run("SELECT 1")
    await database.close()
    assert len(spent) == 2
    assert 0.05 <= spent[0] <= between - began
    assert 0 < spent[1] <= ended - between


@pytest.mark.parametrize("given", [b"a*/ b", b"*/", b"'", b"%s", b"a\nb", b"$1 "])
def test_an_id_cannot_end_the_comment(given: bytes) -> None:
    assert request_id_of({b"x-request-id": given}) != given.decode()
