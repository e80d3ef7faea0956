"""Base copies and the write-ahead log of a real server, and a second server that replays them."""

from __future__ import annotations

import asyncio
import time

import pytest

from bonkei.services.rds import backups
from bonkei.services.rds.backups import Backups
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.manager import Database
from bonkei.services.rds.storage import Storage

from .conftest import cluster, connect


def numbers(vault, port: int) -> list[int]:
    with connect(vault, port) as connection:
        return [n for (n,) in connection.execute("SELECT n FROM written ORDER BY n").fetchall()]


async def second() -> float:
    """The next whole second: RDS restores to the second."""
    begun = int(time.time())
    while time.time() < begun + 1:
        await asyncio.sleep(0.01)
    return begun + 1.0


def keep(database: Database) -> Backups:
    found = Backups(database.files)
    found.keep()
    return found


async def test_a_second_server_holds_the_data_as_of_a_second(make, vault, home):
    definition, storage = cluster(), Storage(home)
    source = make(definition)
    await source.start()
    with connect(vault, definition.port) as connection:
        connection.execute("CREATE TABLE written AS SELECT 0 AS n")
        kept = await asyncio.to_thread(keep, source)
        await second()
        connection.execute("INSERT INTO written VALUES (1)")
        moment = await second()
        await second()
        connection.execute("INSERT INTO written VALUES (2)")
    for number, at in enumerate((moment, time.time())):
        beside = make(cluster(identifier=f"beside-{number}"))
        await asyncio.to_thread(storage.restore, "main", f"beside-{number}", at)
        await beside.start()
        port = int(beside.snapshot().endpoint.rpartition(":")[2])
        assert numbers(vault, port) == [0, 1, 2][: 2 if at == moment else 3]
        with connect(vault, port) as connection:
            connection.execute("INSERT INTO written VALUES (9)")
    assert numbers(vault, definition.port) == [0, 1, 2], "the source is untouched"
    with pytest.raises(DatabaseError, match="no backup of main is that old"):
        await asyncio.to_thread(storage.restore, "main", "never", kept.earliest - 60)


async def test_a_snapshot_stays_as_it_was(make, vault, home):
    definition, storage = cluster(), Storage(home)
    source = make(definition)
    await source.start()
    with connect(vault, definition.port) as connection:
        connection.execute("CREATE TABLE written AS SELECT 0 AS n")
        await asyncio.to_thread(storage.take_snapshot, "main", source.files, "first")
        connection.execute("INSERT INTO written VALUES (1)")
    await source.stop()
    storage.copy_snapshot("first", "copy")
    storage.remove_snapshot("first")
    storage.rename("main", "broken")
    storage.restore_snapshot("copy", "main")
    for name, found in (("main", [0]), ("broken", [0, 1])):
        database = make(cluster(identifier=name))
        await database.start()
        port = int(database.snapshot().endpoint.rpartition(":")[2])
        assert numbers(vault, port) == found


async def test_the_disk_for_backups_is_bounded(make, vault, home, monkeypatch):
    monkeypatch.setattr(backups, "KEPT_SEGMENTS", 2)
    definition = cluster()
    source = make(definition)
    await source.start()
    kept, earliest = await asyncio.to_thread(keep, source), []
    with source.files.admin.open() as connection:
        for _ in range(5):
            connection.execute("SELECT pg_logical_emit_message(true, 'a', 'b'), pg_switch_wal()")
            await asyncio.to_thread(kept.keep)
            earliest.append(kept.earliest)
    bases = [*(source.files.directory / "backups").iterdir()]
    assert len(bases) == 3
    assert earliest[-1] > earliest[0]
