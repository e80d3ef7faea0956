"""A real PostgreSQL, through faults and changes of its definition."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from bonkei.services.rds import manager
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.master import keep_password
from bonkei.services.rds.place import delete_data
from bonkei.services.rds.preparing import preparing

from .conftest import HOST, SECRET, cluster, connect, free_port


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all of these tests, because PostgreSQL takes half a second to make its files. Each
    test starts a server there, with a port and a vault of its own."""
    home = tmp_path_factory.mktemp("home")
    yield home
    delete_data(home)


async def test_data_survives_a_restart_and_the_password_stays(make, vault):
    definition = cluster()
    first = make(definition)
    await first.start()
    password = vault.get(SECRET)
    with connect(vault, definition.port) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    await first.stop()
    assert first.snapshot().status == "stopped"

    await make(definition).start()

    assert vault.get(SECRET) == password
    with connect(vault, definition.port) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


async def test_a_lost_master_password_is_replaced(make, vault):
    definition = cluster()
    first = make(definition)
    await first.start()
    await first.stop()
    vault.delete(SECRET)

    await make(definition).start()

    with connect(vault, definition.port) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_a_rotated_master_password_is_the_only_one(make, vault):
    definition = cluster()
    database = make(definition)
    await database.start()
    before = vault.get(SECRET)
    with connect(vault, definition.port) as old:
        await database.rotate()
        assert old.execute("SELECT 1").fetchone() == (1,), "who is signed in stays so"
    assert vault.get(SECRET) != before
    with connect(vault, definition.port) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    vault.put(SECRET, before)
    with pytest.raises(psycopg.OperationalError):
        connect(vault, definition.port)


async def test_a_killed_server_recovers_by_itself_and_loses_nothing(make, vault):
    definition = cluster()
    database = make(definition)
    await database.start()
    with connect(vault, definition.port) as connection:
        connection.execute("CREATE TABLE recovered AS SELECT 42 AS n")
    before = database.snapshot().pid

    os.kill(before, signal.SIGKILL)

    async with asyncio.timeout(60):
        while (
            database.snapshot().pid in {None, before} or database.snapshot().status != "available"
        ):
            await asyncio.sleep(0.05)
    with connect(vault, definition.port) as connection:
        assert connection.execute("SELECT n FROM recovered").fetchone() == (42,)


async def test_a_stale_pid_file_with_a_strangers_pid_does_not_prevent_a_start(make):
    definition = cluster()
    database = make(definition)
    await database.start()
    data = database.snapshot().data
    await database.stop()
    with open(f"{data}/postmaster.pid", "w") as file:  # noqa: PTH123
        file.write(f"{os.getpid()}\n{data}\n")

    await make(definition).start()


async def test_nothing_is_left_after_stop(make):
    database = make(cluster())
    await database.start()
    pid = database.snapshot().pid
    family = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]

    await database.stop()

    assert not [pid for pid in family if psutil.pid_exists(pid)]


async def test_parameters_are_applied_or_reported(make, vault):
    definition = cluster(
        parameters=(
            ("log_min_duration_statement", "250"),
            ("rds.force_ssl", "1"),
            ("shared_preload_libraries", "pg_stat_statements,pgaudit"),
            ("work_mem", "not a size"),
            ("shared_buffers", "{DBInstanceClassMemory/12038}"),
            ("apg_plan_mgmt.use_plan_baselines", "1"),
            ("no_such_parameter", "1"),
        )
    )
    database = make(definition)

    await database.start()

    with connect(vault, definition.port) as connection:
        assert connection.execute("SHOW log_min_duration_statement").fetchone() == ("250ms",)
        assert connection.execute("SHOW shared_preload_libraries").fetchone() == (
            "pg_stat_statements",
        )
    notes = "\n".join(database.snapshot().notes)
    for name in (
        "rds.force_ssl", "pgaudit", "work_mem", "shared_buffers", "apg_plan_mgmt",
        "no_such_parameter",
    ):  # fmt: skip
        assert name in notes


async def test_apply_reloads_parameters_and_reports_those_that_need_a_restart(make, vault):
    definition = cluster()
    database = make(definition)
    await database.start()
    pid = database.snapshot().pid

    await database.apply(
        replace(
            definition,
            database_name="second",
            parameters=(("log_min_duration_statement", "99"), ("max_connections", "50")),
        )
    )

    assert database.snapshot().pid == pid
    with connect(vault, definition.port, "second") as connection:
        assert connection.execute("SHOW log_min_duration_statement").fetchone() == ("99ms",)
    assert any(
        "max_connections" in note and "pending-reboot" in note for note in database.snapshot().notes
    )
    assert not any("max_locks_per_transaction" in note for note in database.snapshot().notes)


async def test_an_apply_without_a_change_prepares_nothing(make, vault, monkeypatch):
    begun = []
    monkeypatch.setattr(manager, "preparing", lambda: begun.append(1) or preparing())
    definition = cluster()
    database = make(definition)
    await database.start()

    await database.apply(replace(definition))
    assert len(begun) == 1

    keep_password(definition, vault, "another")
    await database.apply(definition)
    assert len(begun) == 2
    with connect(vault, definition.port) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_an_apply_that_has_failed_is_made_again(make, vault, monkeypatch):
    definition = cluster()
    database = make(definition)
    await database.start()
    second = replace(definition, database_name="second")
    with monkeypatch.context() as patch:
        patch.setattr("bonkei.services.rds.preparing._RUN", ("/nowhere",))
        with pytest.raises(FileNotFoundError):
            await database.apply(second)

    await database.apply(second)

    with connect(vault, definition.port, "second") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_apply_moves_to_another_port(make, vault):
    definition = cluster()
    database = make(definition)
    await database.start()
    moved = replace(definition, port=free_port())

    await database.apply(moved)

    with connect(vault, moved.port) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_another_major_version_is_reported(make):
    database = make(cluster(engine_version="16.4"))
    await database.start()
    snapshot = database.snapshot()
    assert any("16.4" in note for note in snapshot.notes)
    assert re.fullmatch(r"PostgreSQL 18\.\d+, declared 16\.4", snapshot.server)


async def test_data_of_another_major_version_is_kept_and_refused(make):
    definition = cluster()
    database = make(definition)
    await database.start()
    data = Path(database.snapshot().data)
    await database.stop()
    version = data / "PG_VERSION"
    before = version.read_text()
    version.write_text("15\n")

    try:
        with pytest.raises(DatabaseError, match="PostgreSQL 15") as caught:
            await make(definition).start()
    finally:
        version.write_text(before)

    assert "bonkei reset" in caught.value.remedy
    assert (data / "global").exists()


async def test_a_port_in_use_is_reported(make):
    definition = cluster()
    with socket.socket() as other:
        other.bind((HOST, definition.port))
        other.listen()
        with pytest.raises(DatabaseError, match=f"port {definition.port}") as caught:
            await make(definition).start()
    assert "lsof" in caught.value.remedy


async def test_an_address_of_another_machine_is_reported(make):
    with pytest.raises(DatabaseError, match=r"cannot listen on 192\.0\.2\.1"):
        await make(cluster(), host="192.0.2.1").start()


async def test_another_engine_is_refused(make):
    with pytest.raises(DatabaseError, match="aurora-mysql"):
        await make(cluster(engine="aurora-mysql")).start()


async def test_two_homes_run_side_by_side(make, vault, tmp_path):
    clusters = (cluster(), cluster())
    homes = (tmp_path / "first", tmp_path / "second")
    try:
        starts = [make(c, home=h).start() for c, h in zip(clusters, homes, strict=True)]
        await asyncio.gather(*starts)
        for definition in clusters:
            with connect(vault, definition.port) as connection:
                connection.execute("SELECT 1")
    finally:
        for home in homes:
            delete_data(home)
