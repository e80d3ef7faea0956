"""A running cluster; one server for all of these tests."""

from __future__ import annotations

import json
import re
import stat
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from bonkei.definitions.provider.aws.rds.postgresql import TABLE

from .conftest import HOST, SECRET

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_it_serves_the_declared_database(running):
    assert set(json.loads(running.vault.get(SECRET))) == {"username", "password"}
    with running.connect() as connection:
        connection.execute("CREATE TABLE component (name text)")
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert owner == ("master",)
    snapshot = running.database.snapshot()
    assert snapshot.status == "available"
    assert snapshot.server.startswith("PostgreSQL 18.")
    assert snapshot.memory > 1_000_000


SETTINGS = """
    SELECT lower(name), vartype,
           CASE context WHEN 'postmaster' THEN 'static' WHEN 'internal' THEN 'fixed'
                        ELSE 'dynamic' END,
           coalesce(min_val, ''), coalesce(max_val, ''),
           coalesce(array_to_string(enumvals, ','), '')
    FROM pg_settings WHERE name !~ '[.]'
"""


async def test_the_provider_knows_the_servers_parameters(running):
    """The table is this query's result."""
    with running.connect() as connection:
        lines = ["\t".join(row).rstrip() for row in connection.execute(SETTINGS)]
    assert sorted(TABLE.read_text().splitlines()) == sorted(lines)


async def test_the_master_user_has_the_rights_that_rds_grants(running):
    with running.connect() as connection:
        rights = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'master'"
        ).fetchone()
        assert rights == (False, True, True)
        assert connection.execute(
            "SELECT pg_has_role('rds_superuser', 'member'), pg_has_role('pg_monitor', 'usage')"
        ).fetchone() == (True, True)
        connection.execute("CREATE ROLE application LOGIN PASSWORD 'secret'")
        connection.execute("GRANT rds_iam TO application")
        connection.execute("CREATE DATABASE other OWNER master")


async def test_only_loopback_and_only_with_the_password(running):
    postmaster = psutil.Process(running.database.snapshot().pid)
    listening = {
        (c.laddr.ip, c.laddr.port)
        for c in postmaster.net_connections("all")
        if c.status == psutil.CONN_LISTEN
    }
    assert listening == {(HOST, running.definition.port)}
    for user, password in (("master", "wrong"), ("rdsadmin", "")):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(
                host=HOST,
                port=running.definition.port,
                user=user,
                password=password,
                dbname="status",
            )


async def test_writing_is_durable(running):
    with running.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",)


async def test_only_the_server_can_read_the_data(running):
    data = Path(running.database.snapshot().data)
    for path in (data, data.parent, data.parent.parent, running.home / "database"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


async def test_no_process_shows_a_password(running):
    password = json.loads(running.vault.get(SECRET))["password"]
    postmaster = psutil.Process(running.database.snapshot().pid)
    for process in (postmaster, *postmaster.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # an ended worker shows nothing
            assert password not in " ".join([*process.cmdline(), *process.environ().values()])


async def test_the_log_has_auroras_prefix(running):
    with running.connect() as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT broken")

    log = (running.home / "logs" / "main" / "postgresql.log").read_text()

    pattern = r"^\S+ \S+ UTC:127\.0\.0\.1\(\d+\):master@status:\[\d+\]:ERROR:  column"
    assert re.search(pattern, log, re.MULTILINE)
    assert json.loads(running.vault.get(SECRET))["password"] not in log
