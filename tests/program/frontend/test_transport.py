"""Requests over real sockets, to servers that behave well and badly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import cast

import pytest
from frontend.api import transport
from frontend.api.transport import HttpTransport, NoAnswerInTimeError, Request, TransportError

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GET = Request("GET", "/a?b=%E3%81%82", {"X-Request-Id": "1"})


@asynccontextmanager
async def to(serve: Serve) -> AsyncIterator[HttpTransport]:
    served: list[asyncio.Task[None]] = []

    async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve_and_close, "127.0.0.1", 0)
    sending = HttpTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    try:
        yield sending
    finally:
        await sending.close()
        server.close()
        await asyncio.wait_for(asyncio.gather(*served, return_exceptions=True), 60)


async def head_of(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def test_requests_and_answers_over_one_connection() -> None:
    connections = 0
    heads: list[bytes] = []
    bodies: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while not reader.at_eof():
            try:
                heads.append(await head_of(reader))
            except asyncio.IncompleteReadError:
                break
            if heads[-1].startswith(b"POST"):
                bodies.append(await reader.readexactly(8))
            writer.write(b'HTTP/1.1 201 Created\r\nETag: "1"\r\nContent-Length: 2\r\n\r\n{}')

    async with to(serve) as sending:
        answer = await sending.send(GET)
        await sending.send(Request("POST", "/c", body=b'{"d": 1}'))
    assert (answer.status, answer.headers["etag"], answer.body) == (201, '"1"', b"{}")
    assert connections == 1
    assert heads[0].startswith(b"GET /a?b=%E3%81%82 HTTP/1.1\r\n")
    assert b"\r\nX-Request-Id: 1\r\n" in heads[0]
    assert b"content-type" not in heads[0].lower()
    assert b"\r\nContent-Type: application/json\r\n" in heads[1]
    assert bodies == [b'{"d": 1}']


async def test_a_redirect_is_an_answer_and_cookies_are_not_kept() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: a=b\r\n")
        writer.write(b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    async with to(serve) as sending:
        assert (await sending.send(GET)).status == 302
        await sending.send(GET)
    assert len(heads) == 2
    assert b"cookie" not in heads[1].lower()


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "POST"])
async def test_a_lost_connection_is_reported_and_nothing_is_sent_again(method: str) -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        heads.append(await head_of(reader))

    async with to(serve) as sending:
        await sending.send(GET)
        with pytest.raises(TransportError, match="Disconnected") as raised:
            await sending.send(Request(method, "/x"))
    assert type(raised.value) is TransportError
    assert len(heads) == 2


async def test_an_interrupted_body_is_no_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    async with to(serve) as sending:
        with pytest.raises(TransportError, match="Payload"):
            await sending.send(GET)


async def test_a_silent_server_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await reader.read()

    async with to(serve) as sending:
        with pytest.raises(NoAnswerInTimeError, match="within"):
            await sending.send(GET)


async def test_a_missing_server_differs_from_a_slow_one() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sending = HttpTransport(f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(TransportError, match="Connect") as raised:
            await sending.send(GET)
        await sending.close()
    assert type(raised.value) is TransportError


async def test_a_connection_that_is_not_opened_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's queue is full, so the kernel answers nothing. Another task may be better."""
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        sending = HttpTransport(f"http://127.0.0.1:{full.getsockname()[1]}")
        with pytest.raises(TransportError, match="imeout") as raised:
            await sending.send(GET)
        await sending.close()
        for client in waiting:
            client.close()
    assert type(raised.value) is TransportError
