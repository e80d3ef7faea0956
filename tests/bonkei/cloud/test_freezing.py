"""A store that answers is not frozen, however late this process reads the answer."""

from __future__ import annotations

import asyncio
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from bonkei.cloud.backing.freezing import is_frozen


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
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), request.param) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("port", [Answer], indirect=True)
async def test_one_that_answers_while_this_process_is_stopped(asleep: int, port: int) -> None:
    looking = asyncio.create_task(is_frozen(asleep, port, 0.3))
    for _ in range(4):  # at each of its first steps
        await asyncio.sleep(0)
        time.sleep(0.4)
    assert not await looking


@pytest.mark.parametrize("port", [Silence], indirect=True)
async def test_one_that_neither_answers_nor_works(asleep: int, port: int) -> None:
    assert await is_frozen(asleep, port, 0.3)
