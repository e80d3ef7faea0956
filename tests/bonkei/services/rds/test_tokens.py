"""Sign-in by token, with a real PostgreSQL behind the relay."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .conftest import HOST, SECRET, cluster


def check(user: str, token: str) -> str:
    """As RDS would, if this were a token."""
    return "" if token == f"a token for {user}" else "the token is another user's"


async def sign_in(user: str, password: str, port: int, **options: Any) -> str:
    """The name that PostgreSQL knows the user by."""
    async with await psycopg.AsyncConnection.connect(
        host=HOST, port=port, user=user, password=password, dbname="status", **options
    ) as connection:
        row = await (await connection.execute("SELECT current_user")).fetchone()
        assert row is not None
        return str(row[0])


async def test_members_of_rds_iam_sign_in_with_a_token_and_others_with_a_password(make, vault):
    definition = cluster(takes_tokens=True)
    database = make(definition, check_token=check)
    await database.start()
    port, master = definition.port, json.loads(vault.get(SECRET))
    async with await psycopg.AsyncConnection.connect(
        host=HOST, port=port, user="master", password=master["password"], dbname="status",
        autocommit=True,
    ) as connection:  # fmt: skip
        for statement in (
            "CREATE ROLE app LOGIN PASSWORD 'hunter22'",
            "GRANT rds_iam TO app",
            "CREATE ROLE old LOGIN PASSWORD 'hunter22'",
        ):
            await connection.execute(statement)

    assert await sign_in("app", "a token for app", port) == "app"
    assert await sign_in("app", "a token for app", port, sslmode="prefer") == "app"
    assert await sign_in("old", "hunter22", port) == "old"
    for user, password, why in (
        ("app", "hunter22", 'PAM authentication failed for user "app"\nDETAIL: .*another user'),
        ("app", "a token for old", "PAM authentication failed"),
        ("old", "a token for old", "password authentication failed"),
        ("nobody", "a token for nobody", "password authentication failed"),
        ("rdsadmin", "a token for rdsadmin", "password authentication failed"),
    ):
        with pytest.raises(psycopg.OperationalError, match=why):
            await sign_in(user, password, port)
    log = Path(database.snapshot().log).read_text()
    refused = r"UTC:127\.0\.0\.1\(\d+\):app@status:\[\d+\]:FATAL:  PAM authentication failed"
    assert len(re.findall(refused, log)) == 2

    async with await psycopg.AsyncConnection.connect(
        host=HOST, port=port, user="app", password="a token for app", dbname="status"
    ) as connection:
        waiting = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
        while not waiting.done():  # one that comes before the statement cancels nothing
            await asyncio.sleep(0.05)
            await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await waiting


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\0\0\x08\0\x03\0\0",  # a startup without a user
        b"\xff\xff\xff\xff\0\x03\0\0",
        b"",
    ],
)
async def test_other_clients_are_turned_away(make, said):
    definition = cluster(takes_tokens=True)
    await make(definition, check_token=check).start()
    reader, writer = await asyncio.open_connection(HOST, definition.port)
    writer.write(said)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 60)
    assert answer == b"" or answer.startswith(b"E")
    writer.close()


async def test_a_cluster_begins_and_ceases_to_take_tokens(make, vault):
    definition = cluster()
    database = make(definition, check_token=check)
    await database.start()
    password = json.loads(vault.get(SECRET))["password"]
    for takes in (True, False):
        await database.apply(replace(definition, takes_tokens=takes))
        assert await sign_in("master", password, definition.port) == "master"
