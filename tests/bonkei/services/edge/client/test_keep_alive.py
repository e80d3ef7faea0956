"""Connections that both sides keep, and the boundaries between responses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.bonkei.services.edge.definitions import balancer, balancer_only
from tests.bonkei.services.edge.support import Message, Target, ok, raw, running, serving


async def test_connections_are_kept_on_both_sides() -> None:
    async with serving(balancer_only()) as (edge, target):
        async with edge.client() as client:
            for _ in range(5):
                assert (await client.request()).get("Connection") == "keep-alive"
        assert target.connections == 1


async def test_a_closed_idle_connection_to_a_target_does_not_fail_the_request() -> None:
    """Only an idempotent request without a body is sent again. Any other gets its 502."""
    closing = True

    async def once(message: Message, reader: Any, writer: Any) -> None:
        if message.target == "/first" or not closing:
            await ok()(message, reader, writer)
        else:
            writer.transport.abort()

    async with serving(balancer_only(), once) as (edge, target):
        await edge.get("/first")
        assert (await edge.get("/again")).status == 502  # the second connection fails as well
        assert [each.target for each in target.requests] == ["/first", "/again", "/again"]
        await edge.get("/first")
        before = len(target.requests)
        assert (await edge.get("/again", method="POST", body=b"x")).status == 502
        assert len(target.requests) == before + 1


async def test_pipelined_requests_are_answered_in_order() -> None:
    async def echo(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(0.05 if message.target.endswith("0") else 0)
        await ok(message.target.encode() + message.body)(message, reader, writer)

    async with serving(balancer_only(), echo) as (edge, _), edge.client() as client:
        pipeline = b"".join(
            b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" % number
            for number in range(60)
        )
        client.send(pipeline)
        bodies = [(await client.receive()).body for _ in range(60)]
        assert bodies == [b"/%dabc" % number for number in range(60)]


async def test_a_pipeline_may_have_any_length() -> None:
    """A pipelined request waits unparsed, mostly on the client's side."""

    async def echo(message: Message, reader: Any, writer: Any) -> None:
        await ok(message.target.encode())(message, reader, writer)

    async with serving(balancer_only(), echo) as (edge, _), edge.client() as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(3000)))
        for number in range(3000):
            assert (await client.receive()).body == b"/%d" % number


CHUNKED = b"POST /%d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
PIPELINE = b"".join(
    (
        CHUNKED % 0 + b"4\r\n\r\n\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
        CHUNKED % 2 + b"3\r\nabc\r\n0\r\nX: y\r\n\r\n",
        b"POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nabc\r\n\r\n",
        b"GET /4 HTTP/1.1\r\nHost: a\r\n\r\n",
    )
)
BODIES = [b"/0\r\n\r\nabc", b"/1", b"/2abc", b"/3abc\r\n\r\n", b"/4"]


async def test_request_boundaries_do_not_depend_on_packets() -> None:
    async def echo(message: Message, reader: Any, writer: Any) -> None:
        await ok(message.target.encode() + message.body)(message, reader, writer)

    async with serving(balancer_only(), echo) as (edge, _):
        for cut in range(1, len(PIPELINE)):
            async with edge.client() as client:
                client.writer.get_extra_info("socket").setsockopt(6, 1, 1)  # TCP_NODELAY
                client.send(PIPELINE[:cut])
                await asyncio.sleep(0.001)
                client.send(PIPELINE[cut:])
                assert [(await client.receive()).body for _ in BODIES] == BODIES


async def test_http_1_0() -> None:
    chunked = raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", close=False
    )
    async with serving(balancer_only(), chunked) as (edge, target):
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            answer = await client.closed()
        assert answer.endswith(b"\r\n\r\nabc")
        assert b"Transfer-Encoding" not in answer
        assert b"Connection: close" in answer
        target.reply = ok()
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert (await client.receive()).get("Connection") == "keep-alive"
            assert (await client.request()).status == 200


async def test_connection_close_is_honoured() -> None:
    async with serving(balancer_only()) as (edge, _), edge.client() as client:
        answer = await client.request("/", ("Connection", "close"))
        assert answer.get("Connection") == "close"
        assert await client.closed() == b""


@pytest.mark.parametrize(
    ("method", "answer", "length"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n", "123"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", None),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 55\r\n\r\n', "55"),
    ],
)
async def test_responses_without_a_body(method: str, answer: bytes, length: str | None) -> None:
    async with serving(balancer_only(), raw(answer, close=False)) as (edge, target):
        async with edge.client() as client:
            for _ in range(3):
                client.send(f"{method} / HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                seen = await client.receive(head_only=True)
                assert seen.get("Content-Length") == length
        assert target.connections == 1


async def test_a_response_until_the_connection_ends() -> None:
    until_close = raw(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n" + b"z" * 100_000)
    async with serving(balancer_only(), until_close) as (edge, _), edge.client() as client:
        for _ in range(2):
            answer = await client.request()
            assert answer.get("Transfer-Encoding") == "chunked"
            assert answer.body == b"z" * 100_000


async def test_headers_listed_in_connection_are_not_passed_to_the_target() -> None:
    """RFC 9110, section 7.6.1."""
    reply = ok(b"ok", ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("X-End", "2"))
    async with serving(balancer_only(), reply) as (edge, target):
        for _ in range(4):  # also as a known head
            answer = await edge.get("/")
            assert (answer.get("X-Hop"), answer.get("X-End")) == (None, "2")
        assert target.connections == 1


async def test_informational_responses_are_not_the_response() -> None:
    early = raw(
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        close=False,
    )
    async with serving(balancer_only(), early) as (edge, _):
        answer = await edge.get("/")
        assert (answer.status, answer.body, answer.get("Link")) == (200, b"ok", None)


@pytest.mark.parametrize(
    "second",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"nonsense",
    ],
)
async def test_a_second_response_is_discarded(second: bytes) -> None:
    twice = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" + second, close=False)
    async with serving(balancer_only(), twice) as (edge, target):
        async with edge.client() as client:
            assert (await client.request()).body == b"a"
            assert (await client.request()).body == b"a"
        assert target.connections == 2  # the edge no longer trusted the first connection


async def test_expect_continue_is_answered_at_once() -> None:
    """ "When Application Load Balancer receives an Expect header, it responds to the client
    immediately with an HTTP 100 Continue …, removes the Expect header, and then routes the
    request" (How Elastic Load Balancing works: HTTP headers)."""
    async with serving(balancer_only()) as (edge, target):
        async with edge.client() as client:
            client.send(
                b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            )
            assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
            client.send(b"abc")
            assert (await client.receive()).status == 200
        assert target.requests[0].body == b"abc"
        assert target.requests[0].get("Expect") is None


async def test_expect_continue_waits_for_its_turn() -> None:
    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(0.1)
        await ok(message.body)(message, reader, writer)

    async with serving(balancer_only(), slow) as (edge, _), edge.client() as client:
        client.send(
            b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
            b"POST /2 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        assert (await client.receive()).informational == []
        second = asyncio.create_task(client.receive())
        await asyncio.sleep(0.2)
        client.send(b"abc")
        answer = await second
        assert (answer.informational, answer.body) == ([100], b"abc")


async def test_504_when_the_target_does_not_take_the_body() -> None:
    async def stuck(message: Message, reader: Any, writer: Any) -> None:
        raise AssertionError("the request never becomes complete")

    class Unwilling(Target):
        async def _serve(self, reader: Any, writer: Any) -> None:
            if b"/health" in await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                writer.close()
            else:
                self._writers.add(writer)  # closed when the test ends
                writer.transport.pause_reading()

    async with running(balancer(idle_timeout=1.5)) as edge, Unwilling(stuck) as target:
        await edge.join("web", target)
        async with edge.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")
            client.send(b"x" * 40_000_000)
            assert (await client.receive()).status == 504


async def test_an_upgrade_that_is_not_offered_is_ignored() -> None:
    async with serving(balancer_only()) as (edge, target):
        async with edge.client() as client:
            upgrade = ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c")
            assert (await client.request("/1", *upgrade)).status == 200
            assert (await client.request("/2")).status == 200
        assert target.requests[0].get("Upgrade") is None
