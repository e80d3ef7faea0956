"""PostgreSQL's log: limited in size, and complete."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import LiteralString

import psutil
import pytest

from bonkei.base.folders import size_of
from bonkei.services.rds import log as module
from bonkei.services.rds import manager
from bonkei.services.rds.log import rotate
from bonkei.services.rds.place import delete_data

from .conftest import cluster, connect

WRITERS = 3
ENOUGH = 2_000_000  # bytes; a writer waits then, or it fills the disk faster than a copy is made
SAY: LiteralString = """DO $$ BEGIN FOR n IN {first}..{last} LOOP
RAISE LOG 'writer % line %', {writer}, n; END LOOP; END $$"""
LINE = re.compile(r"writer (\d+) line (\d+)$")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all of these tests, because PostgreSQL takes half a second to make its files."""
    home = tmp_path_factory.mktemp("home")
    yield home
    delete_data(home)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LIMIT", 100_000)
    monkeypatch.setattr(manager, "_LOOK", 3600)  # the tests rotate


def written(text: str) -> Iterator[tuple[str, ...]]:
    return (found.groups() for line in text.splitlines() if (found := LINE.search(line)))


async def test_no_line_is_lost_or_doubled_while_it_is_rotated_at_full_speed(make, vault, home):
    definition = cluster()
    database = make(definition)
    await database.start()
    file = home / "logs" / "main" / "postgresql.log"
    ended, written_lines = Event(), [0] * WRITERS

    def write(writer: int) -> None:
        with connect(vault, definition.port) as connection:
            while not ended.is_set():
                if size_of(file) > ENOUGH:
                    time.sleep(0.001)
                    continue
                first = written_lines[writer] + 1
                connection.execute(SAY.format(writer=writer, first=first, last=first + 999))
                written_lines[writer] += 1000

    threads = [Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    found: list[tuple[str, ...]] = []
    rotated = file.with_name("postgresql.log.1")
    for _ in range(12):
        while not rotated.exists():
            await rotate(file, database.snapshot().pid)
            await asyncio.sleep(0.01)
        found += written(rotated.read_text())
        rotated.unlink()
    ended.set()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    found += written(file.read_text())
    assert len(found) == sum(written_lines)
    assert len(set(found)) == len(found)


async def test_a_server_that_was_suspended_before_stays_so(make, vault, home):
    """By a fault: it writes nothing, and its log moves later."""
    definition = cluster()
    database = make(definition)
    await database.start()
    file = home / "logs" / "main" / "postgresql.log"
    rotated = file.with_name("postgresql.log.1")
    rotated.unlink(missing_ok=True)  # by the start, what another test has left
    with file.open("a") as opened:
        opened.write("a line\n" * 20_000)
    server = psutil.Process(database.snapshot().pid)
    server.suspend()
    while server.status() != psutil.STATUS_STOPPED:
        await asyncio.sleep(0.01)
    try:
        await rotate(file, server.pid)
        assert server.status() == psutil.STATUS_STOPPED
        assert not rotated.exists()
    finally:
        server.resume()


async def test_a_killed_rotation_does_not_prevent_the_next_start(make, vault):
    """The processes of the dead server are suspended, and nothing else would resume them."""
    definition = cluster()
    database = make(definition)
    await database.start()
    server = psutil.Process(database.snapshot().pid)
    below = server.children()
    for process in below:
        process.suspend()
    server.kill()
    async with asyncio.timeout(60):
        while database.snapshot().pid in {None, server.pid}:
            await asyncio.sleep(0.05)
        while database.snapshot().status != "available":
            await asyncio.sleep(0.05)
    psutil.wait_procs(below, timeout=60)
    assert not any(process.is_running() for process in below)


def test_a_full_disk_leaves_the_log_and_no_half_of_it(tmp_path: Path, monkeypatch):
    file = tmp_path / "postgresql.log"
    file.write_text("a line\n" * 20_000)
    file.with_name("postgresql.log.1").write_text("before\n")

    def full(source: object, copy: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(module.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space"):
        asyncio.run(rotate(file, None))
    assert {each.name for each in tmp_path.iterdir()} == {"postgresql.log", "postgresql.log.1"}
    assert file.read_text() == "a line\n" * 20_000
    assert file.with_name("postgresql.log.1").read_text() == "before\n"
