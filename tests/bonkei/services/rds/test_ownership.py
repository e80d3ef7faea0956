"""BONKEI_DATABASE_URL with other people's data on the server: none of it is ever harmed.

A second real PostgreSQL stands for that server, and the tests compare everything on it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from bonkei.base.vault import MemoryVault
from bonkei.services.rds.bootstrap import prepare
from bonkei.services.rds.connection import Connection, Guest, Wanted
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.external import describe, parse_url
from bonkei.services.rds.identity import home_id
from bonkei.services.rds.manager import Database
from bonkei.services.rds.place import delete_data

from .conftest import HOST, SECRET, cluster, connect

PASSWORD = "only-theirs"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def their_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Connection]:
    """Someone else's server, as its superuser. Its role `master` is theirs, too."""
    definition = cluster(identifier="theirs", database_name="")
    foreign = tmp_path_factory.mktemp("foreign")
    database = Database(definition, HOST, foreign, MemoryVault())
    await database.start()
    (password,) = foreign_passwords(foreign)
    admin = Connection(HOST, definition.port, "rdsadmin", password)
    with admin.open() as connection:
        connection.execute(f"ALTER ROLE master PASSWORD '{PASSWORD}'")
        connection.execute("DROP ROLE rds_superuser, rds_iam, rds_password, rds_replication")
    yield admin
    await database.stop()
    delete_data(foreign)


@pytest.fixture(scope="module")
def as_made(their_server: Connection) -> list[object]:
    """What is on their server before the first test."""
    return inventory(their_server)


@pytest.fixture
def theirs(their_server: Connection, as_made: list[object]) -> Connection:
    """Their server as it was made: what the test before left there is gone."""
    empty(their_server)
    assert inventory(their_server) == as_made
    return their_server


def empty(admin: Connection) -> None:
    """Drop the tables of `postgres`, all other databases, and all roles but the two first ones."""
    with admin.open() as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        for query, drop in (
            ("SELECT datname FROM pg_database WHERE oid >= 16384", "DROP DATABASE {} WITH (FORCE)"),
            (
                "SELECT rolname FROM pg_roles WHERE oid >= 16384 AND rolname <> 'master'",
                "DROP OWNED BY {0} CASCADE; DROP ROLE {0}",
            ),
        ):
            for (name,) in connection.execute(query).fetchall():
                connection.execute(sql.SQL(drop).format(sql.Identifier(name)))
        connection.execute("COMMENT ON ROLE master IS NULL")


def foreign_passwords(foreign) -> list[str]:
    from bonkei.services.rds.place import find_place

    return [file.read_text() for file in find_place(foreign).root.glob("*/rdsadmin")]


def url(admin: Connection, user: str = "", password: str = "") -> str:
    return (
        f"postgresql://{user or admin.user}:{password or admin.password}"
        f"@{HOST}:{admin.port}/postgres"
    )


def inventory(admin: Connection) -> list[object]:
    """Every role with its password, every membership, every database with its comment."""
    with admin.open() as connection:
        return [
            connection.execute(query).fetchall()
            for query in (
                "SELECT * FROM pg_authid ORDER BY oid",
                "SELECT * FROM pg_auth_members ORDER BY roleid, member, grantor",
                "SELECT datname, datdba, datacl FROM pg_database ORDER BY oid",
                "SELECT * FROM pg_shdescription ORDER BY objoid",
                "SELECT * FROM pg_db_role_setting ORDER BY setdatabase, setrole",
            )
        ]


async def refused(make: Callable[..., object], admin: Connection, **changes) -> DatabaseError:
    """The refusal. After it, the server must be unchanged."""
    definition = changes.pop("definition", cluster(master_username="app", database_name="app"))
    before = inventory(admin)
    with pytest.raises(DatabaseError) as caught:
        await make(definition, **{"url": url(admin), "vault": MemoryVault(), **changes}).start()
    assert inventory(admin) == before
    assert admin.password not in caught.value.message + caught.value.remedy
    assert f"{HOST}:{admin.port}" in caught.value.message
    return caught.value


@pytest.mark.parametrize("shared", [False, True])
async def test_a_role_of_theirs_keeps_its_password(make, theirs, shared):
    error = await refused(make, theirs, definition=cluster(), shared=shared)
    assert "role master" in error.message
    assert "not made by Bonkei" in error.message
    with replace(theirs, user="master", password=PASSWORD).open() as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("master",)


@pytest.mark.parametrize("shared", [False, True])
async def test_a_database_of_theirs_is_not_taken(make, theirs, shared):
    with theirs.open() as connection:
        connection.execute("CREATE DATABASE app")
    error = await refused(make, theirs, shared=shared)
    assert "database app" in error.message


async def test_a_server_with_their_data_is_refused_unless_the_setting_says_shared(make, theirs):
    with theirs.open() as connection:
        connection.execute("CREATE DATABASE accounting")
    error = await refused(make, theirs)
    assert "the database accounting" in error.message
    assert "shared = true" in error.remedy

    before = inventory(theirs)
    definition, vault = cluster(master_username="app", database_name="app"), MemoryVault()
    await make(definition, url=url(theirs), vault=vault, shared=True).start()
    assert await asyncio.to_thread(query, vault, definition.port) == ("app",)
    after = inventory(theirs)
    for rows_before, rows_after in zip(before, after, strict=True):
        assert [row for row in rows_before if row not in rows_after] == []


async def test_tables_in_the_database_of_the_url_count_as_their_data(make, theirs):
    with theirs.open() as connection:
        connection.execute("CREATE TABLE ledger (amount int)")
    error = await refused(make, theirs)
    assert "1 tables or views in postgres" in error.message


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
async def test_the_same_home_starts_again_and_again_on_the_same_server(make, theirs, lost):
    definition, vault = cluster(master_username="app", database_name="app"), MemoryVault()
    first = make(definition, url=url(theirs), vault=vault)
    await first.start()
    await asyncio.to_thread(query, vault, definition.port, "CREATE TABLE kept AS SELECT 42 AS n")
    await first.stop()
    if lost:
        vault.delete(SECRET)
    await make(definition, url=url(theirs), vault=vault).start()
    assert await asyncio.to_thread(query, vault, definition.port, "SELECT n FROM kept") == (42,)


async def test_resources_of_another_home_are_not_taken(make, theirs, tmp_path):
    definition = cluster(master_username="app", database_name="app")
    await make(definition, url=url(theirs), vault=MemoryVault()).start()
    error = await refused(make, theirs, home=tmp_path / "another", shared=True)
    assert "another home or cluster" in error.message
    assert "DROP ROLE" in error.remedy


async def test_two_clusters_of_one_name_do_not_share_a_master(make, theirs):
    vault = MemoryVault()
    first = cluster(master_username="app", database_name="app")
    await make(first, url=url(theirs), vault=vault).start()
    second = cluster(identifier="second", master_username="app", database_name="other")
    await refused(make, theirs, definition=second)
    assert await asyncio.to_thread(query, vault, first.port) == ("app",)


async def test_a_master_that_the_url_itself_names_is_used_unchanged(make, theirs):
    vault = MemoryVault()
    with theirs.open() as connection:
        connection.execute("COMMENT ON ROLE master IS 'of the accountants'")
        hashed = "SELECT rolpassword FROM pg_authid WHERE rolname = 'master'"
        before = connection.execute(hashed).fetchone()
        definition = cluster(database_name="app")
        for _ in range(2):
            database = make(definition, url=url(theirs, "master", PASSWORD), vault=vault)
            await database.start()
            assert await asyncio.to_thread(query, vault, definition.port) == ("master",)
            await database.stop()
        assert connection.execute(hashed).fetchone() == before
    assert json.loads(vault.get(SECRET))["password"] == PASSWORD


async def test_a_user_that_creates_roles_does_not_remain_their_member(make, theirs):
    with theirs.open() as connection:
        connection.execute("CREATE ROLE maker LOGIN CREATEROLE CREATEDB PASSWORD 'm'")
        connection.execute(
            "GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO maker WITH ADMIN OPTION"
        )
    definition = cluster(master_username="app", database_name="app")
    await make(definition, url=url(theirs, "maker", "m"), vault=MemoryVault()).start()
    with theirs.open() as connection:
        may = "SELECT pg_has_role('maker', 'app', 'set')"
        assert connection.execute(may).fetchone() == (False,)


def query(vault: MemoryVault, port: int, statement: str = "SELECT current_user") -> object:
    """The first row, as the master user through the relay."""
    with connect(vault, port, "app") as connection:
        result = connection.execute(statement)
        return result.fetchone() if result.description else None


def test_a_url_is_described_without_its_password():
    assert describe("postgres://me:hunter2@db.example:6432/x") == "db.example:6432, as me"
    assert parse_url("postgres://me:hunter2@db.example/x").port == 5432


async def test_roles_and_databases_are_marked_with_their_home_and_cluster(make, theirs, home):
    definition = cluster(master_username="app", database_name="app")
    await make(definition, url=url(theirs), vault=MemoryVault()).start()
    with theirs.open() as connection:
        comments = (
            "SELECT description FROM pg_shdescription WHERE description LIKE 'Made by Bonkei%'"
        )
        marks = {text for (text,) in connection.execute(comments)}
    assert marks == {f"Made by Bonkei ({home_id(home)}, main)"}


async def test_a_new_home_at_an_old_place_takes_nothing_over(make, theirs, home):
    """A person has removed the home's folder. The remedy names the id that gives the data back."""
    definition, vault = cluster(master_username="app", database_name="app"), MemoryVault()
    first = make(definition, url=url(theirs), vault=vault)
    await first.start()
    await asyncio.to_thread(query, vault, definition.port, "CREATE TABLE kept AS SELECT 42 AS n")
    await first.stop()
    old = home_id(home)
    shutil.rmtree(home)
    error = await refused(make, theirs, definition=definition)
    assert "another home or cluster" in error.message
    assert f"write its id, {old}, into database/id in this home" in error.remedy
    (home / "database" / "id").write_text(f"{old}\n")
    await make(definition, url=url(theirs), vault=vault).start()
    assert await asyncio.to_thread(query, vault, definition.port, "SELECT n FROM kept") == (42,)


def member_of(admin: Connection, role: str) -> set[str]:
    with admin.open() as connection:
        rows = connection.execute(
            "WITH RECURSIVE r AS (SELECT oid FROM pg_roles WHERE rolname = %s UNION SELECT m.roleid"
            " FROM pg_auth_members m JOIN r ON m.member = r.oid)"
            " SELECT rolname FROM pg_roles JOIN r USING (oid)",
            (role,),
        )
        return {str(name) for (name,) in rows} - {role}


@pytest.mark.parametrize(("shared", "monitors"), [(False, True), (True, False)])
async def test_on_a_shared_server_no_rights_over_other_sessions_are_granted(
    make, theirs, shared, monitors
):
    definition = cluster(master_username="app", database_name="app")
    await make(definition, url=url(theirs), vault=MemoryVault(), shared=shared).start()
    groups = member_of(theirs, "app")
    assert {"rds_superuser", "rds_iam"} <= groups
    assert ("pg_monitor" in groups, "pg_signal_backend" in groups) == (monitors, monitors)


async def test_a_foreign_group_is_never_granted(make, theirs):
    with theirs.open() as connection:
        connection.execute("CREATE ROLE rds_superuser")
        connection.execute("GRANT pg_read_all_data TO rds_superuser")
    definition = cluster(master_username="app", database_name="app")
    await make(definition, url=url(theirs), vault=MemoryVault(), shared=True).start()
    assert member_of(theirs, "app") == set()


async def test_a_role_that_another_client_creates_meanwhile_is_foreign(theirs):
    """Made after the look at the server, and before the change."""
    with theirs.open() as connection:
        connection.execute("CREATE ROLE app PASSWORD 'x'")
    before = inventory(theirs)
    with pytest.raises(psycopg.errors.DuplicateObject):
        prepare(theirs, Wanted("app", "new", ""), Guest("Made by Bonkei (me, main)"))
    [roles, *_] = inventory(theirs)
    assert [row for row in before[0] if row not in roles] == []
