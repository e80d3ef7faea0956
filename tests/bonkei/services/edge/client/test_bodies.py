"""Bodies stream both ways, at the pace of the slower side."""

from __future__ import annotations

import asyncio
from typing import Any

from bonkei.base.events import Endpoint, TargetRegistered
from tests.bonkei.services.edge.definitions import balancer_only
from tests.bonkei.services.edge.support import Message, Target, ok, running, serving, standing


async def test_bodies_stream_both_ways() -> None:
    """Neither a request nor a response is buffered to its end."""

    async def ticks(message: Message, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for tick in (b"one", b"two"):
            writer.write(b"%x\r\n%b\r\n" % (len(tick), tick))
            await gate.wait()
        writer.write(b"0\r\n\r\n")

    gate = asyncio.Event()
    async with serving(balancer_only(), ticks) as (edge, _), edge.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await client.reader.readuntil(b"one")
        gate.set()
        await client.reader.readuntil(b"0\r\n\r\n")


async def test_large_bodies_arrive_complete_and_are_not_buffered() -> None:
    size = 8_000_000
    answer = ok(b"y" * size)
    async with serving(balancer_only(), answer) as (edge, target):
        async with edge.client() as client:
            post = await client.request("/", method="POST", body=b"x" * size)
            assert len(post.body) == size
        assert target.requests[0].body == b"x" * size


async def test_a_slow_reader_slows_the_target_down() -> None:
    sent = 0

    async def pour(message: Message, reader: Any, writer: Any) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"z" * 100_000)
            await writer.drain()
            sent += 100_000

    async with serving(balancer_only(), pour) as (edge, _), edge.client() as client:
        client.writer.transport.pause_reading()
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await edge.until(lambda: sent > 0)
        assert await standing(lambda: sent, 50_000_000) < 50_000_000


async def test_a_client_that_leaves_frees_the_target() -> None:
    async def forever(message: Message, reader: Any, writer: Any) -> None:
        assert await reader.read() == b""
        gone.set()

    gone = asyncio.Event()
    async with serving(balancer_only(), forever) as (edge, target):
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await edge.until(lambda: len(target.requests) == 1)
        async with asyncio.timeout(60):
            await gone.wait()
        await edge.until(lambda: edge.edge.snapshot().target_groups[0].targets[0].outstanding == 0)


async def test_an_early_response_ends_the_upload() -> None:
    async with running(balancer_only()) as edge:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if b"/health" in await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            else:
                writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nstop")
            await reader.read()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            edge.bus.publish(TargetRegistered("arn:tg/web", "t", Endpoint("127.0.0.1", port)))
            await edge.until(lambda: edge.state("web", "t") == "healthy")
            async with edge.client() as client:
                client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
                answer = await client.receive()
                assert (answer.status, answer.body) == (413, b"stop")
                assert answer.get("Connection") == "close"  # the client sends no other into it
                assert await client.closed() == b""


TINY = b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"


class Chunks(Target):
    """Takes a body and sends one, both in many tiny chunks. `chunks` counts the received chunks."""

    def __init__(self) -> None:
        super().__init__()
        self.chunks = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/health" in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        else:
            while size := int(await reader.readuntil(b"\r\n"), 16):
                await reader.readexactly(size + 2)
                self.chunks += 1
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + TINY)
            await writer.drain()
        writer.close()


async def test_tiny_chunks_are_sent_together() -> None:
    """One system call for each chunk would stop the edge for a while."""
    async with running(balancer_only()) as edge, Chunks() as target:
        await edge.join("web", target)
        async with edge.client() as client:
            head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            client.send(head + b"Connection: close\r\n\r\n" + TINY)
            answer = await client.closed()
        assert target.chunks < 200
        assert answer.count(b"x") == 20_000
        assert answer.count(b"\r\n") < 400
