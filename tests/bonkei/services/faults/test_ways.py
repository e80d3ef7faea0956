"""Real connections that are late, refused, and whole."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvloop

from bonkei.services.faults.values import Trouble
from bonkei.services.faults.ways.detour import HOST, Detour, Refusal

LATENCY = 0.15


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
async def server() -> AsyncIterator[int]:
    made = await asyncio.start_server(echo, HOST, 0)
    yield made.sockets[0].getsockname()[1]
    made.close()


@pytest.fixture
async def detour(server: int) -> AsyncIterator[Detour]:
    made = Detour(HOST, server, Trouble(LATENCY))
    await made.start()
    yield made
    made.stop()
    await asyncio.sleep(0)


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> float:
    begun = time.monotonic()
    writer.write(data)
    assert await reader.readexactly(len(data)) == data
    return time.monotonic() - begun


async def quickest(ask: Callable[[], Awaitable[float]], below: float) -> float:
    """Of a few: others use the machine, too."""
    took = await ask()
    for _ in range(50):
        if took < below:
            break
        took = min(took, await ask())
    return took


async def test_the_answer_is_late_and_so_is_the_connection(detour: Detour) -> None:
    async def anew() -> float:
        reader, writer = await asyncio.open_connection(HOST, detour.port)
        took = await asked(reader, writer, b"one")
        writer.close()
        return took

    reader, writer = await asyncio.open_connection(HOST, detour.port)
    await asked(reader, writer, b"one")
    first = await quickest(anew, 2 * LATENCY + 0.3)
    second = await quickest(lambda: asked(reader, writer, b"two"), LATENCY + 0.3)
    writer.close()
    assert 2 * LATENCY <= first < 2 * LATENCY + 0.3
    assert LATENCY <= second < LATENCY + 0.3


@pytest.mark.parametrize("loop_of", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_request_that_comes_with_its_connection(loop_of: Callable[[], Any]) -> None:
    """uvloop has read it before reading can be paused."""

    async def ask() -> bytes:
        server = await asyncio.start_server(echo, HOST, 0)
        detour = Detour(HOST, server.sockets[0].getsockname()[1], Trouble(0.05))
        await detour.start()
        with socket.create_connection((HOST, detour.port)) as client:
            client.sendall(b"early")
            client.shutdown(socket.SHUT_WR)
            answer = await asyncio.wait_for(asyncio.to_thread(client.recv, 100), 60)
        detour.stop()
        server.close()
        return answer

    with asyncio.Runner(loop_factory=loop_of) as runner:
        assert runner.run(ask()) == b"early"


async def test_bytes_keep_their_order_when_the_trouble_ends(detour: Detour) -> None:
    reader, writer = await asyncio.open_connection(HOST, detour.port)
    await asked(reader, writer, b"0")
    writer.write(b"late ")
    await asyncio.sleep(LATENCY / 3)
    detour.trouble = Trouble()
    writer.write(b"and soon")
    assert await reader.readexactly(13) == b"late and soon"
    assert await quickest(lambda: asked(reader, writer, b"quick"), LATENCY) < LATENCY
    writer.close()


async def test_a_lot_passes_whole_and_the_end_comes_last(detour: Detour) -> None:
    detour.trouble = Trouble(0.02, 0.02)
    reader, writer = await asyncio.open_connection(HOST, detour.port)
    sent = bytes(range(256)) * 8192
    writer.write(sent)
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 60) == sent
    writer.close()


async def test_what_is_on_its_way_arrives_after_it_retires(detour: Detour) -> None:
    reader, writer = await asyncio.open_connection(HOST, detour.port)
    await asked(reader, writer, b"0")
    writer.write(b"late")
    await asyncio.sleep(LATENCY / 3)
    detour.retire()
    assert await reader.readexactly(4) == b"late"
    with pytest.raises(OSError):  # noqa: PT011 - whichever the system says
        await asyncio.open_connection(HOST, detour.port if detour._server.sockets else 1)
    writer.close()


async def test_without_a_server_behind_it_the_connection_is_cut(server: int) -> None:
    nobody = Refusal()
    detour = Detour(HOST, nobody.port, Trouble(0.01))
    await detour.start()
    reader, writer = await asyncio.open_connection(HOST, detour.port)
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    detour.stop()
    nobody.close()


async def test_a_refusal() -> None:
    nobody = Refusal()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, nobody.port)
    nobody.close()
