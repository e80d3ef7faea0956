"""A store that answers is not frozen, however late this process reads the answer."""

from __future__ import annotations

import asyncio
import functools
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from bonkei.services.endpoint.backing.channel import Connect
from bonkei.services.endpoint.backing.freezing import is_frozen


@pytest.fixture
def asleep() -> Iterator[int]:
    """A process that uses no processor."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process.pid
        process.kill()


class Answer(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1_000)
        self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


class Silence(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1_000)
        self.request.recv(1_000)  # until the client has gone


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), request.param) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield functools.partial(asyncio.open_connection, *server.server_address)
        server.shutdown()


@pytest.mark.parametrize("connect", [Answer], indirect=True)
async def test_one_that_answers_while_this_process_is_stopped(
    asleep: int, connect: Connect
) -> None:
    looking = asyncio.create_task(is_frozen(asleep, connect, 0.3))
    for _ in range(4):  # at each of its first steps
        await asyncio.sleep(0)
        time.sleep(0.4)
    assert not await looking


@pytest.mark.parametrize("connect", [Silence], indirect=True)
async def test_one_that_neither_answers_nor_works(asleep: int, connect: Connect) -> None:
    assert await is_frozen(asleep, connect, 0.3)
