"""A client's connection: the order of requests, waiting, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

from bonkei.base.events import Endpoint, TargetRegistered
from bonkei.blueprint.elbv2 import FixedResponse, PathPattern
from bonkei.blueprint.wafv2 import ByteMatch, FieldToMatch, WafAction, WafRule, WebAcl
from bonkei.services.edge.client.transport import LINGER
from tests.bonkei.services.edge.definitions import balancer, balancer_only, rule
from tests.bonkei.services.edge.support import Message, Reply, Target, ok, running, serving

KNOWN = b"GET /known HTTP/1.1\r\nHost: a\r\n\r\n"


def inspecting() -> WebAcl:
    """A web ACL that inspects bodies, and allows every request."""
    statement = ByteMatch(FieldToMatch("body"), b"forbidden", "CONTAINS")
    refused = WafRule("body", 1, WafAction("block"), statement)
    return WebAcl("acl", "arn:acl", "acl", "REGIONAL", WafAction("allow"), (refused,), ("arn:lb",))


def after(seconds: float, reply: Reply) -> Reply:
    """A target that waits before it answers."""

    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(seconds)
        await reply(message, reader, writer)

    return slow


async def know(edge: Any) -> None:
    """Send a head until the edge knows it."""
    async with edge.client() as client:
        for _ in range(5):
            client.send(KNOWN)
            assert (await client.receive()).status == 200


async def test_a_head_that_begins_while_a_known_request_is_in_flight() -> None:
    async with serving(balancer_only(), after(0.1, ok())) as (edge, _):
        await know(edge)
        async with edge.client() as client:
            client.send(KNOWN)
            await asyncio.sleep(0.05)
            client.send(b"GET / HTTP/1.1\r\nHos")
            assert (await client.receive()).status == 200
            client.send(b"t: a\r\n\r\n")
            assert (await client.receive()).status == 200


async def test_a_large_body_behind_another_request() -> None:
    """A request waits for its turn, and not longer."""
    size = 3_000_000
    async with serving(balancer_only(), after(0.1, ok())) as (edge, web):
        async with edge.client() as client:
            client.send(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
            client.send(b"POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
            client.send(b"x" * size)
            assert (await client.receive()).status == 200
            assert (await client.receive()).status == 200
        assert [len(each.body) for each in web.requests] == [0, size]


async def test_a_large_body_that_a_web_acl_inspects() -> None:
    async with serving(balancer_only(web_acls=(inspecting(),))) as (edge, web):
        async with edge.client() as client:
            for size in (10, 2_000_000, 5_000_000):
                answer = await client.request("/", method="POST", body=b"x" * size)
                assert answer.status == 200
        assert [len(each.body) for each in web.requests] == [10, 2_000_000, 5_000_000]


async def test_after_an_early_answer_no_request_is_taken_even_a_known_one() -> None:
    refused = rule(1, FixedResponse(403, "text/plain", "no"), PathPattern(("/first",)))
    async with serving(balancer_only(refused)) as (edge, web):
        await know(edge)
        seen = len(web.requests)
        async with edge.client() as client:
            client.send(b"GET /first HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            assert (await client.receive()).status == 403
            client.send(KNOWN)
            assert await client.closed() == b""
            await asyncio.sleep(0.1)
        assert len(web.requests) == seen


async def test_http_1_0_has_no_100_continue() -> None:
    """RFC 9110, section 10.1.1: "A server that receives a 100-continue expectation in an HTTP/1.0
    request MUST ignore that expectation."."""
    async with serving(balancer_only()) as (edge, _), edge.client() as client:
        client.send(
            b"POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        await asyncio.sleep(0.1)
        client.send(b"abc")
        assert (await client.closed()).startswith(b"HTTP/1.1 200 ")


async def test_a_slow_upload_while_the_response_has_begun() -> None:
    """Data from the client counts as data, too ("Connection idle timeout")."""

    class Conversation(Target):
        async def _serve(self, reader: Any, writer: Any) -> None:
            if b"/health" in await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
                await reader.readuntil(b"\r\n0\r\n\r\n")
                writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
            writer.close()

    async with running(balancer(idle_timeout=1.5)) as edge, Conversation() as web:
        await edge.join("web", web)
        async with edge.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(6):  # 2.1 seconds
                client.send(b"64\r\n" + b"x" * 100 + b"\r\n")
                await asyncio.sleep(0.35)
            client.send(b"0\r\n\r\n")
            assert (await client.receive()).body == b"onetwo"


async def test_a_started_response_is_the_last_one_when_the_listener_closes() -> None:
    """The head had promised to keep the connection. The edge does not wait for idle connections."""

    async def stream(message: Message, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await gate.wait()
        writer.write(b"0\r\n\r\n")

    gate = asyncio.Event()
    async with serving(balancer_only(), stream) as (edge, _), edge.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await client.reader.readuntil(b"one")
        draining = asyncio.create_task(edge.edge.drain(grace=100))
        await asyncio.sleep(0)  # it begins
        gate.set()
        await asyncio.wait_for(draining, 60)
        assert (await client.closed()).endswith(b"0\r\n\r\n")


class Refusing:
    """A target in a thread: it reads a head to its last byte. On a signal it answers and closes
    with the rest unread, which resets the connection.
    """

    def __init__(self) -> None:
        self.asked, self.told, self.gone = (threading.Event() for _ in range(3))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint("127.0.0.1", self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Refusing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection, contextlib.suppress(ConnectionError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (piece := connection.recv(1)):
                return  # a health check that was given up
            head += piece
        if b"/health" in head:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        self.asked.set()
        self.told.wait(60)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nstop")
        connection.close()
        self.gone.set()


async def test_an_answer_is_read_although_the_upload_hit_a_closed_connection() -> None:
    """The write fails first: the body and the answer arrive at the same time."""
    with Refusing() as target:
        async with running(balancer_only()) as edge:
            edge.bus.publish(TargetRegistered("arn:tg/web", "t", target.endpoint))
            await edge.until(lambda: edge.state("web", "t") == "healthy")
            with socket.create_connection(("127.0.0.1", edge.port())) as client:
                client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\nabc")
                await edge.until(target.asked.is_set)
                client.sendall(b"x" * 100_000)
                target.told.set()
                target.gone.wait(60)  # the edge stands still in the meantime
                client.setblocking(False)
                answer = await asyncio.get_running_loop().sock_recv(client, 65536)
    assert answer.startswith(b"HTTP/1.1 413 ")


def narrow(port: int) -> None:
    """Make the kernel hold little of the data that a client of this listener has not read."""
    for path in Path("/dev/fd").iterdir():
        number = int(path.name)
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as each:
                if each.family == socket.AF_INET and each.getsockname()[1] == port:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)


async def slow_reader(port: int) -> socket.socket:
    """A client that does not read yet, with a small receive buffer."""
    client = socket.socket()
    client.setblocking(False)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    return client


async def test_an_unread_last_answer_does_not_hold_the_connection() -> None:
    async with serving(balancer(idle_timeout=0.3), ok(b"x" * 50_000)) as (edge, web):
        narrow(edge.port())
        with await slow_reader(edge.port()) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            await edge.until(lambda: len(web.requests) == 1)
            await edge.until(lambda: edge.edge.snapshot().listeners[0].connections == 0)


async def test_an_early_answer_is_not_cut_off_while_it_is_read() -> None:
    """The edge drops the rest of the upload for as long as the answer takes."""
    large = rule(1, FixedResponse(403, "text/plain", "x" * 50_000), PathPattern(("/large",)))
    async with running(balancer_only(large)) as edge:
        narrow(edge.port())
        with await slow_reader(edge.port()) as client:
            client.send(b"POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            await asyncio.sleep(LINGER + 0.5)
            answer = b""
            while data := await asyncio.get_running_loop().sock_recv(client, 65536):
                answer += data
        assert len(answer) > 50_000
