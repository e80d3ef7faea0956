"""A process of its own prepares the server. Its failures are reported, and it leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest
from ports import free_port

from bonkei.services.rds.connection import Connection, Wanted
from bonkei.services.rds.preparing import preparing

WANTED = Wanted("app", "secret", "app")


def children() -> set[psutil.Process]:
    """Of this process, also those that other tests share."""
    return set(psutil.Process().children())


async def test_a_server_that_does_not_answer_is_named_with_the_reason() -> None:
    port, before = free_port(), children()
    async with preparing() as prepare:
        [child] = children() - before
        found = await prepare(Connection("127.0.0.1", port, "rdsadmin", "secret"), WANTED)
    assert f"port {port}" in found.refused
    assert "secret" not in found.refused
    assert not psutil.pid_exists(child.pid)


async def test_settings_of_the_users_own_clients_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PGSERVICE is looked up first, and PGHOSTADDR replaces the address."""
    port = free_port()
    for name, value in (("PGSERVICE", "mine"), ("PGHOSTADDR", "127.0.0.9"), ("PGTZ", "Asia/Tokyo")):
        monkeypatch.setenv(name, value)
    async with preparing() as prepare:
        found = await prepare(Connection("127.0.0.1", port, "rdsadmin", "secret"), WANTED)
    assert f'"127.0.0.1", port {port}' in found.refused
    assert not {"PGSERVICE", "PGHOSTADDR", "PGTZ"} & os.environ.keys()


async def test_one_that_is_not_needed_ends() -> None:
    before = children()
    async with preparing():
        [child] = children() - before
    assert not psutil.pid_exists(child.pid)


async def test_a_process_that_dies_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    dies = (sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit('no memory')")
    monkeypatch.setattr("bonkei.services.rds.preparing._RUN", dies)
    async with preparing() as prepare:
        found = await prepare(Connection("127.0.0.1", 1, "rdsadmin", "secret"), WANTED)
    assert found.refused == "no memory"


_LOADED = """
import gc, io, sys
from bonkei.services.rds.__main__ import main
sys.stdin, before = io.StringIO(), gc.get_stats()
main()
print(gc.get_stats() == before, *sorted(set(sys.modules) & set(sys.argv[1:])))
"""


def test_it_loads_only_what_it_needs_and_searches_no_garbage() -> None:
    """Each start of a miniature starts it."""
    command = [sys.executable, "-c", _LOADED, "psycopg", "bonkei.services.rds.manager", "psutil"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=True)
    assert outcome.stdout.split() == ["True", "psycopg"]
