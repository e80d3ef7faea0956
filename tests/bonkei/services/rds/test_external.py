"""BONKEI_DATABASE_URL: a server elsewhere, under the declared name and port."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote

import psycopg
import pytest

from bonkei.base.vault import MemoryVault
from bonkei.services.rds.connection import Connection
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.external import check_version, explain, parse_url

from .conftest import HOST, SECRET, cluster, connect, free_port


@pytest.fixture
async def elsewhere(make):
    """The URL of a server elsewhere, for a user that may create roles and databases."""
    definition, vault = cluster(identifier="elsewhere", database_name=""), MemoryVault()
    await make(definition, vault=vault).start()
    secret = json.loads(vault.get(SECRET))
    return f"postgresql://{secret['username']}:{quote(secret['password'])}@{HOST}:{definition.port}/postgres"


def ask(vault: MemoryVault, port: int, database: str, *statements: str) -> tuple[object, ...]:
    """The first row of the last statement."""
    with connect(vault, port, database) as connection:
        for statement in statements:
            result = connection.execute(statement)
        return result.fetchone()


async def test_the_declared_name_and_port_lead_to_the_other_server(make, elsewhere):
    definition = cluster(master_username="owner", database_name="app")
    vault = MemoryVault()
    database = make(definition, url=elsewhere, vault=vault)

    await database.start()

    # In a thread: this thread carries the relay.
    found = await asyncio.to_thread(
        ask,
        vault,
        definition.port,
        "app",
        "CREATE TABLE mine AS SELECT repeat('x', 1000000) AS text",
        "SELECT length(text), current_user, current_setting('port')::int FROM mine",
    )
    assert found == (1_000_000, "owner", parse_url(elsewhere).port)
    notes = "\n".join(database.snapshot().notes)
    assert "BONKEI_DATABASE_URL" in notes
    assert database.snapshot().server.endswith(f" at {HOST}:{parse_url(elsewhere).port}")
    await database.apply(cluster(port=definition.port, master_username="owner", database_name="b"))
    assert await asyncio.to_thread(ask, vault, definition.port, "b", "SELECT 1") == (1,)
    await database.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, definition.port)


async def test_a_user_without_the_rights_is_reported(make, elsewhere, vault):
    own = cluster(identifier="elsewhere", port=parse_url(elsewhere).port)
    with parse_url(elsewhere).open() as connection:
        connection.execute("CREATE ROLE weak LOGIN PASSWORD 'weak'")
    url = f"postgresql://weak:weak@{HOST}:{own.port}/postgres"
    with pytest.raises(DatabaseError, match=r"user weak .* may not prepare") as caught:
        await make(cluster(master_username="other"), url=url).start()
    assert "may create roles" in caught.value.remedy


async def test_an_unreachable_server_is_reported_without_the_password(make):
    port = free_port()
    with pytest.raises(DatabaseError, match=f"{HOST}:{port}") as caught:
        await make(cluster(), url=f"postgresql://u:hunter2@{HOST}:{port}/db").start()
    assert "hunter2" not in str(caught.value) + caught.value.remedy


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://host/db", "does not begin with postgresql://"),
        ("postgresql://:hunter2@/db", "does not name a host or a user"),
        ("postgresql://u:hunter2@%2Fvar%2Frun/db", "names a Unix socket"),
        ("postgresql://u:hunter2@host:port/db", "not usable"),
        ("postgresql://u:hunter2@host/db?nonsense=1", "cannot be read"),
    ],
)
def test_a_wrong_url_is_explained_without_the_password(url, message):
    with pytest.raises(DatabaseError, match=message) as caught:
        parse_url(url)
    assert "hunter2" not in str(caught.value)


def test_a_url_keeps_its_options():
    connection = parse_url("postgres://u:p%40ss@db.example:6432/x?sslmode=require")
    assert (connection.host, connection.port, connection.user) == ("db.example", 6432, "u")
    assert (connection.password, connection.database) == ("p@ss", "x")
    assert connection.options == (("sslmode", "require"),)


def test_an_old_server_is_refused():
    with pytest.raises(DatabaseError, match="PostgreSQL 12"):
        check_version(Connection("h", 1, "u", "p"), 120022)


def test_a_refusal_has_the_servers_whole_message():
    said = "connection to server failed: FATAL: no such role\n\tIs the server running there?\n"
    error = explain(parse_url("postgresql://me:secret@db.example:5433/x"), psycopg.Error(said))
    assert "db.example:5433" in error.message
    assert "FATAL: no such role" in error.message
    assert "Is the server running there?" in error.message
