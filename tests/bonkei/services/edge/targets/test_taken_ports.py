"""Another program listens on a task's port. It gets nothing of what is meant for the task.

The task has a user namespace, as tasks have where this machine allows it. Otherwise a program of
the same user may be one that the task has left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import pytest
from ports import free_port

from bonkei.base.events import Endpoint, ServiceEndpointAdded, TargetChecked, TargetRegistered
from tests.bonkei.services.edge.definitions import balancer_only
from tests.bonkei.services.edge.support import Client, Running, running
from tests.bonkei.services.edge.test_service_connect import ADDRESS, SETTINGS, blueprint

TASK = """
import ctypes, os, socketserver, sys
if ctypes.CDLL(None).unshare(0x10000000):  # CLONE_NEWUSER
    sys.exit(1)
class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(65536)
        head = b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 4\\r\\n\\r\\n"
        self.request.sendall(head + b"task")
print("ready", flush=True)
socketserver.TCPServer.allow_reuse_address = True
server = socketserver.TCPServer(("127.0.0.1", int(input())), Answer)
worker = os.fork()
if not worker:  # as web servers have them
    server.serve_forever()
server.server_close()
print("listens", flush=True)
input()
os.kill(worker, 9)
os.waitpid(worker, 0)  # its port is free then
"""


class Line:
    """A task that listens and ends when it is told to."""

    def __init__(self, process: Process) -> None:
        self.pid = process.pid
        self._process = process

    async def says(self, word: bytes) -> bool:
        assert self._process.stdout is not None
        return await asyncio.wait_for(self._process.stdout.readline(), 60) == word + b"\n"

    def tell(self, word: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())

    async def end(self) -> None:
        self.tell("")
        await self._process.wait()


@contextlib.asynccontextmanager
async def starting() -> AsyncIterator[Line]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TASK, stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    task = Line(process)
    try:
        if not await task.says(b"ready"):
            pytest.skip("a process has no user namespace on this machine")
        yield task
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@contextlib.asynccontextmanager
async def squatting(host: str, port: int) -> AsyncIterator[list[bytes]]:
    """A program that would pass for the task. Returns what it receives."""
    received = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if data := await reader.read(65536):
            received.append(data)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsquatter")
        writer.close()

    server = await asyncio.start_server(take, host, port, reuse_address=True)
    async with server:
        yield received


async def visit(edge: Running, way: str, port: int) -> bytes:
    """The body of the answer; what an error's page says counts as none."""
    client = edge.client() if way == "load balancer" else Client(port, ADDRESS)
    with contextlib.suppress(EOFError, ConnectionError):
        async with client:
            answer = await client.request("/", ("Cookie", "session=secret"))
            return bytes(answer.body) if answer.status == 200 else b""
    return b""


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("way", ["load balancer", "http", ""])
async def test_a_program_on_a_tasks_port_gets_no_request(way: str, host: str) -> None:
    port, own = free_port(ADDRESS), free_port(host)
    described = balancer_only() if way == "load balancer" else blueprint(port, way)
    async with running(described, SETTINGS) as edge, starting() as task:
        async with squatting(host, own) as received:
            endpoint = Endpoint("127.0.0.1", own), task.pid
            if way == "load balancer":
                edge.bus.publish(TargetRegistered("arn:tg/web", "task-1", *endpoint))
                await edge.until(lambda: edge.state("web") == "unhealthy")
                said = {each.detail for each in edge.events if isinstance(each, TargetChecked)}
                assert said == {"Another program listens on the task's port"}
            else:
                edge.bus.publish(ServiceEndpointAdded("arn:service", "http", "task-1", *endpoint))
            assert await visit(edge, way, port) == b""
            assert not any(b"session" in each for each in received)
        task.tell(own)
        assert await task.says(b"listens")
        assert await visit(edge, way, port) == b"task"
        await task.end()
        async with squatting(host, own) as received:
            assert await visit(edge, way, port) == b""
            assert not any(b"session" in each for each in received)
