"""Responses to clients when a target fails ("Troubleshoot your Application Load Balancers")."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from rows import keeping

from bonkei.base.events import Endpoint
from bonkei.blueprint.elbv2 import TargetHealthCheck
from bonkei.services.edge import AccessRecord
from bonkei.services.edge.http.deadlines import Deadlines, Watched
from bonkei.services.edge.targets.checks import probe
from bonkei.services.edge.targets.dispatch import Dispatch
from bonkei.services.edge.targets.target_health import MISMATCH, Outcome
from bonkei.services.edge.targets.upstream import TargetConnection
from tests.bonkei.services.edge.definitions import balancer, balancer_only
from tests.bonkei.services.edge.support import Message, Target, raw, running, serving


async def test_503_without_a_registered_target() -> None:
    """The record names the group, so the load balancer's metrics count it."""
    records: list[AccessRecord] = []
    async with running(balancer_only(), on_access=keeping(records.extend)) as edge:
        answer = await edge.get("/")
        assert (answer.status, answer.get("Server")) == (503, "awselb/2.0")
        assert b"503 Service Temporarily Unavailable" in answer.body
    [record] = records
    assert (record.status, record.target_group_arn, record.task_id) == (503, "arn:tg/web", "")


async def test_502_when_the_target_refuses_or_breaks_off() -> None:
    async with serving(balancer_only(), raw(b"")) as (edge, target):
        assert (await edge.get("/")).status == 502
        assert (await edge.get("/", method="POST", body=b"x")).status == 502
    async with running(balancer_only()) as edge:
        async with Target() as target:
            await edge.join("web", target)
        assert (await edge.get("/")).status == 502


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
        b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 33_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200",
        b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"ICE/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_502_for_a_malformed_response(answer: bytes) -> None:
    async with serving(balancer_only(), raw(answer)) as (edge, _):
        assert (await edge.get("/")).status == 502


LENGTH = b"Content-Length: 2\r\n\r\nab"
OK = b"HTTP/1.1 200 OK\r\n" + LENGTH


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (OK + OK, b"200 OK"),
        (OK + b"HTTP/1.1 404 Not Found\r\n" + LENGTH, b"200 OK"),
        (OK + b"more", b"200 OK"),
        (b"HTTP/1.1 200 Fine\r\nX: \xe9\r\n" + LENGTH + OK, b"200 Fine"),
        (b"HTTP/1.1 200 O\x1b[31mK\r\n" + LENGTH, b"200 OK"),
        (b"HTTP/1.1 404 \x00\r\n" + LENGTH, b"404 Not Found"),
        (b"HTTP/1.1 200 Good\tand \xc3\xa9\r\n" + LENGTH, b"200 Good\tand \xc3\xa9"),
        (b"HTTP/1.1 200 \x7f\r\n" + LENGTH, b"200 OK"),
    ],
)
async def test_a_response_is_passed_on_alone_and_with_a_plain_reason(
    answer: bytes, line: bytes
) -> None:
    async with serving(balancer_only(), raw(answer, close=False)) as (edge, target):
        for number in (1, 2):
            async with edge.client() as client:
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                found = await client.closed()
            assert found.startswith(b"HTTP/1.1 " + line + b"\r\n")
            assert found.endswith(b"\r\n\r\nab")
            assert found.count(b"HTTP/1.1 ") == 1
            assert len(target.requests) == number


async def test_504_when_the_target_is_silent() -> None:
    async def silent(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(600)

    async with serving(balancer(idle_timeout=0.3), silent) as (edge, _):
        assert (await edge.get("/")).status == 504
        assert edge.edge.snapshot().target_groups[0].targets[0].outstanding == 0


async def test_an_upload_may_take_longer_than_the_idle_timeout() -> None:
    """The time-out counts time without data ("Connection idle timeout"), not the whole response.
    This holds for new and for used connections to the target.
    """
    async with serving(balancer(idle_timeout=2.0)) as (edge, target):
        async with edge.client() as client:
            assert (await client.request()).status == 200
            client.send(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n")
            for _ in range(6):  # 2.4 seconds
                await asyncio.sleep(0.4)
                client.send(b"x" * 150)
            assert (await client.receive()).status == 200
        assert (target.requests[1].body, target.connections) == (b"x" * 900, 1)


async def test_an_interrupted_response_is_not_completed() -> None:
    cut = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    async with serving(balancer_only(), cut) as (edge, _):
        with pytest.raises((EOFError, ConnectionError)):
            await edge.get("/")
    cut = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    async with serving(balancer_only(), cut) as (edge, _), edge.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert not (await client.closed()).endswith(b"0\r\n\r\n")


async def test_an_endless_trailer_interrupts_the_response() -> None:
    chunks = b"3\r\nabc\r\n" * 1000
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless = raw(head + chunks + b"0\r\nX: " + b"y" * 1_000_000, close=False)
    async with serving(balancer_only(), endless) as (edge, _), edge.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert not (await client.closed()).endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("status", ["000", "099", "600"])
async def test_an_invalid_status_is_a_502_at_once(status: str) -> None:
    """The time-out is longer than the test waits."""
    reply = raw(f"HTTP/1.1 {status} What\r\nContent-Length: 2\r\n\r\nok".encode(), close=False)
    async with serving(balancer(idle_timeout=600.0), reply) as (edge, _):
        async with asyncio.timeout(60):
            assert (await edge.get("/")).status == 502


async def test_a_health_check_with_an_invalid_status_fails_at_once() -> None:
    outcome: list[Outcome] = []

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 000 What\r\nContent-Length: 0\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(nothing, "127.0.0.1", 0)
    async with server, asyncio.timeout(60):
        check = TargetHealthCheck(path="/", timeout=600.0)
        outcome.append(await probe(Endpoint(*server.sockets[0].getsockname()), check))
    assert outcome[0].reason == MISMATCH


async def test_a_client_that_leaves_while_its_target_is_connected_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What stays watched is never forgotten, and a stop waits for it."""
    watched: set[object] = set()
    made: list[TargetConnection] = []
    connected, see, lose = TargetConnection.connection_made, Deadlines.watch, Deadlines.forget

    def connection_made(self: TargetConnection, transport: asyncio.BaseTransport) -> None:
        connected(self, transport)
        made.append(self)
        cast(Dispatch, self.asking).cancel()  # its client leaves right now

    def watch(self: Deadlines, each: Watched) -> None:
        watched.add(each)
        see(self, each)

    def forget(self: Deadlines, each: Watched) -> None:
        watched.discard(each)
        lose(self, each)

    monkeypatch.setattr(Deadlines, "watch", watch)
    monkeypatch.setattr(Deadlines, "forget", forget)
    async with serving(balancer_only()) as (edge, _):
        monkeypatch.setattr(TargetConnection, "connection_made", connection_made)
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await edge.until(lambda: made != [])
        await edge.until(lambda: watched == set())
