"""A cache is a real server, with the access, the commands and the slots of ElastiCache."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from ports import free_port

from bonkei.blueprint.elasticache import Cache, CacheUser
from bonkei.services.elasticache import CacheError, CacheServer

PROGRAMS = [name for name in ("valkey-server", "redis-server") if shutil.which(name)]
needs_a_server = pytest.mark.skipif(not PROGRAMS, reason="neither Valkey nor Redis is installed")
HOST = "127.0.0.1"


def cache(**changes: object) -> Cache:
    arn = "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:sessions"
    made = Cache(
        "aws_elasticache_replication_group.this", arn, "sessions", "redis", free_port(), ()
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[[Cache], object]]:
    servers = []

    async def started(wanted: Cache) -> CacheServer:
        server = CacheServer(wanted, HOST, tmp_path)
        servers.append(server)
        await server.start()
        return server

    yield started
    for server in servers:
        await server.stop()


def ask(port: int, *commands: Sequence[str]) -> str:
    """What the server says to these commands on one connection, each as one line."""
    with socket.create_connection((HOST, port), timeout=60) as client:
        for words in commands:
            client.sendall(f"*{len(words)}\r\n".encode())
            client.sendall("".join(f"${len(one)}\r\n{one}\r\n" for one in words).encode())
        client.shutdown(socket.SHUT_WR)
        said = b""
        while data := client.recv(65_536):
            said += data
    return said.decode()


@needs_a_server
@pytest.mark.parametrize(
    ("changes", "commands", "said"),
    [
        ({}, [("SET", "a", "1"), ("GET", "a")], "+OK|$1|1"),
        ({}, [("CONFIG", "GET", "*")], "-ERR unknown command"),
        ({"auth_token": 's3cret "word'}, [("GET", "a")], "-NOAUTH"),
        ({"auth_token": 's3cret "word'}, [("AUTH", 's3cret "word'), ("GET", "a")], "+OK|$-1"),
        ({"users": (CacheUser("app", "on ~app:* +@all", ("one", "two")),)},
         [("PING",), ("AUTH", "app", "two"), ("SET", "app:a", "1"), ("GET", "b")],
         "-NOAUTH|+OK|+OK|-NOPERM"),
        ({"users": (CacheUser("default", "on ~* +@read"),)}, [("SET", "a", "1")], "-NOPERM"),
        ({"is_cluster": True, "parameters": (("cluster-enabled", "yes"),)},
         [("SET", "a", "1"), ("CLUSTER", "SLOTS")], "+OK|*1|*3|:0|:16383"),
        ({"parameters": (("databases", "2"), ("cluster-allow", "x"))}, [("SELECT", "2")],
         "-ERR DB"),
    ],
)  # fmt: skip
async def test_it_answers_as_elasticache_does(start, changes, commands, said) -> None:
    wanted = cache(**changes)
    server = await start(wanted)
    found = await asyncio.to_thread(ask, wanted.port, *commands)
    lines = [line for line in found.split("\r\n") if line]
    expected = said.split("|")
    for line, begin in zip(lines, expected, strict=False):
        assert line.startswith(begin)
    assert len(lines) >= len(expected)
    snapshot = server.snapshot()
    assert (snapshot.status, snapshot.endpoint) == ("available", f"{HOST}:{wanted.port}")
    assert snapshot.server.split(" ")[0] in ("Valkey", "Redis")
    assert snapshot.memory > 0
    noted = "cluster-allow" in str(changes)
    assert snapshot.notes == (("parameter cluster-allow has no effect here",) if noted else ())


@needs_a_server
async def test_its_data_stays_and_a_dead_server_is_replaced(start) -> None:
    wanted = cache()
    server = await start(wanted)
    await asyncio.to_thread(ask, wanted.port, ("SET", "a", "kept"))
    await server.stop()
    assert server.snapshot().status == "stopped"
    again = await start(wanted)
    assert "kept" in await asyncio.to_thread(ask, wanted.port, ("GET", "a"))
    before = again.snapshot().pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    async with asyncio.timeout(60):
        while again.snapshot().pid == before or again.snapshot().status != "available":
            await asyncio.sleep(0.05)
    assert "+PONG" in await asyncio.to_thread(ask, wanted.port, ("PING",))


@needs_a_server
async def test_a_change_is_followed(start) -> None:
    wanted = cache()
    server = await start(wanted)
    await server.apply(replace(wanted, auth_token="another"))
    assert "-NOAUTH" in await asyncio.to_thread(ask, wanted.port, ("GET", "a"))


@needs_a_server
async def test_a_taken_port_is_named(start) -> None:
    said = "sessions is not run: .*: Address already in use"
    with socket.create_server((HOST, 0)) as taken, pytest.raises(CacheError, match=said):
        await start(cache(port=taken.getsockname()[1]))


@needs_a_server
async def test_a_server_that_ends_at_once_says_why(start) -> None:
    with pytest.raises(CacheError, match=r"did not start: .*argument") as caught:
        await start(cache(parameters=(("maxmemory-policy", "nonsense"),)))
    assert caught.value.remedy.endswith("sessions/cache.log")


async def test_a_machine_without_a_server_says_what_to_install(start, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CacheError, match="no redis-server or valkey-server") as caught:
        await start(cache())
    assert "install redis-server" in caught.value.remedy
