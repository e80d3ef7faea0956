"""Limits of clients: they cannot fill the memory or hold a connection."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from bonkei.services.edge import EdgeSettings, Limits
from bonkei.services.edge.http.head import RefusedError
from bonkei.services.edge.http.request_parser import RequestParser
from tests.bonkei.services.edge.definitions import balancer, balancer_only
from tests.bonkei.services.edge.support import Client, Message, ok, running, serving

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def limited(**limits: float) -> EdgeSettings:
    return EdgeSettings(limits=Limits(**limits))  # type: ignore[arg-type]


async def closed_while_dripping(client: Client, drop: bytes) -> bytes:
    """The bytes that the edge sends until it closes the connection of a client that sends
    slowly.
    """

    async def drip() -> None:
        while not client.writer.is_closing():
            client.send(drop)
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    answer = await client.closed()
    dripping.cancel()
    return answer


async def test_a_head_that_does_not_end_is_cut_off() -> None:
    """Slowloris: "HTTP 408: The client did not send data before the idle timeout period …"."""
    async with running(balancer_only(), limited(head_seconds=0.3)) as edge:
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
            answer = await closed_while_dripping(client, b"X: y\r\n")
        assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "end",
    [b"0\r\nX: " + b"y" * 500_000, b"0\r\n" + b"X: y\r\n" * 80_000, b"1;" + b"x" * 500_000],
    ids=["a trailer", "trailers", "a chunk extension"],
)
async def test_bytes_outside_of_bodies_are_bounded_too(end: bytes) -> None:
    async with serving(balancer_only()) as (edge, _), edge.client() as client:
        client.send(CHUNKED + b"1\r\na\r\n" + end)
        assert (await client.receive()).status == 400


@pytest.mark.parametrize("before", [b"0\r\nX: ", b"1;"], ids=["a trailer", "a chunk extension"])
def test_they_are_refused_although_the_client_sends_nothing_more(before: bytes) -> None:
    """It waits for its answer: the bytes of its last piece count at once."""
    parser = RequestParser(Mock(), Limits(), b"127.0.0.1")
    first = CHUNKED + b"1\r\na\r\n" + before
    position = parser.feed(first, 0)
    assert position == len(first)
    with pytest.raises(RefusedError) as refused:
        parser.feed(b"y" * 200_000, 0)
    assert refused.value.status == 400


async def test_a_body_that_arrives_too_slowly_is_cut_off() -> None:
    async with serving(balancer(idle_timeout=0.4), settings=limited(body_rate=1000.0)) as (
        edge,
        target,
    ):
        async with edge.client() as client:
            client.send(POST + b"Content-Length: 1000000\r\n\r\n")
            answer = await closed_while_dripping(client, b"x")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert target.requests == []


async def test_an_idle_connection_is_closed_without_a_response() -> None:
    async with running(balancer(idle_timeout=0.3)) as edge, edge.client() as client:
        assert await client.closed() == b""


async def test_a_body_over_the_limit_is_refused() -> None:
    async with serving(balancer_only(), settings=limited(body=10)) as (edge, target):
        async with edge.client() as client:
            client.send(POST + b"Content-Length: 11\r\n\r\n")
            assert (await client.receive()).status == 413
        async with edge.client() as client:
            client.send(CHUNKED + b"b\r\nabcdefghijk\r\n0\r\n\r\n")
            assert (await client.receive()).status == 413
        assert target.requests == []


async def test_over_the_limit_the_oldest_idle_connection_is_closed() -> None:
    told: list[str] = []
    limits = limited(connections=2)
    async with serving(balancer_only(), settings=limits, report=told.append) as (edge, _):
        async with edge.client() as first, edge.client() as second:
            assert (await first.request()).status == 200
            assert (await second.request()).status == 200
            async with edge.client() as third:
                assert (await third.request()).status == 200
                assert await first.closed() == b""
                assert (await second.request()).status == 200
        await edge.until(lambda: edge.edge.snapshot().listeners[0].connections == 0)
        assert (await edge.get("/")).status == 200
        capacity = edge.edge.snapshot().capacities[0]
        assert (capacity.refused, capacity.displaced) == (0, 1)
    assert len(told) == 1
    assert told[0].startswith("2 connections are open, and there is room for no more (")


async def test_over_the_limit_without_idle_connections_the_newest_is_closed() -> None:
    """An unfinished head, a request in flight, an unread answer."""
    begun = asyncio.Event()

    async def wait(message: Message, reader: Any, writer: Any) -> None:
        if message.target == "/wait":
            await begun.wait()
            await ok(b"x" * 20_000_000)(message, reader, writer)
        else:
            await ok()(message, reader, writer)

    async with serving(balancer_only(), wait, settings=limited(connections=2)) as (edge, target):
        async with edge.client() as first, edge.client() as second:
            first.send(b"GET / HTTP/1.1\r\nHo")
            second.send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            await edge.until(lambda: len(target.requests) == 1)
            [listening] = edge.edge._open.values()
            await edge.until(lambda: not any(each.idle for each in listening.front.connections))
            for _ in range(3):
                async with edge.client() as third:
                    assert await third.closed() == b""
            second.writer.transport.pause_reading()
            begun.set()
            await asyncio.sleep(0.1)
            async with edge.client() as third:
                assert await third.closed() == b""
            first.send(b"st: a\r\n\r\n")
            assert (await first.receive()).status == 200
            assert edge.edge.snapshot().capacities[0].refused == 4
            second.writer.transport.abort()
        await edge.until(lambda: edge.edge.snapshot().capacities[0].open == 0)
        assert (await edge.get("/")).status == 200


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async with (
        serving(balancer(idle_timeout=0.5), ok(b"x" * 20_000_000)) as (edge, _),
        edge.client() as client,
    ):
        client.writer.transport.pause_reading()
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await edge.until(lambda: edge.edge.snapshot().listeners[0].connections == 1)
        await edge.until(lambda: edge.edge.snapshot().listeners[0].connections == 0)
