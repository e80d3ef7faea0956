"""A caller's own address in front of a database: connections are carried, held, and carried
again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

import pytest
from ports import free_port

from bonkei.miniature.parts.network.gates import Gates, Way
from bonkei.services.faults.values import Trouble

WHY = "aws_security_group.db lets nothing in from aws_security_group.app on port 5432"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data.upper())
            await writer.drain()
    await closed(writer)


async def closed(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def upper() -> AsyncIterator[tuple[str, int]]:
    served: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(cast("asyncio.Task[None]", asyncio.current_task()))
        await echo(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()
        async with asyncio.timeout(60):
            await asyncio.gather(*served)  # the gates have cut their connections


def way(port: int, target: tuple[str, int], why: str = "") -> Way:
    return Way("app", "db", "127.0.0.1", port, target, why)


async def test_an_open_connection_is_carried_both_ways() -> None:
    said: list[str] = []
    gates, port = Gates("on", said.append), free_port()
    async with upper() as target:
        await gates.follow([way(port, target)])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = b"abc" * 400_000
        reading = asyncio.create_task(reader.readexactly(len(sent)))
        writer.write(sent)
        assert await reading == sent.upper()
        writer.write_eof()
        assert await reader.read() == b""
        await closed(writer)
        await gates.stop()
    assert said == []


async def test_a_closed_connection_hangs_and_its_reason_is_reported_once() -> None:
    said: list[str] = []
    gates, port = Gates("on", said.append), free_port()
    async with upper() as target:
        await gates.follow([way(port, target, WHY)])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        async with asyncio.timeout(60):
            while not said:
                await asyncio.sleep(0.01)
        assert said == [f"app cannot reach db, and times out: {WHY}"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        _, other = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.05)
        assert len(said) == 1

        # The rule is back: the waiting connection continues.
        await gates.follow([way(port, target)])
        assert await asyncio.wait_for(reader.read(5), 60) == b"HELLO"
        # An established connection is tracked, and stays.
        await gates.follow([way(port, target, WHY)])
        writer.write(b"again")
        assert await asyncio.wait_for(reader.read(5), 60) == b"AGAIN"
        await closed(writer, other)
        await gates.stop()


async def test_report_mode_lets_pass_and_reports_what_would_fail() -> None:
    said: list[str] = []
    gates, port = Gates("report", said.append), free_port()
    async with upper() as target:
        await gates.follow([way(port, target, WHY)])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        assert await reader.read(5) == b"HELLO"
        assert said == [f"app cannot reach db, and would time out: {WHY}"]
        await closed(writer)
        await gates.stop()


async def test_a_client_that_gives_up_and_a_missing_server() -> None:
    gates, port = Gates("on", lambda _: None), free_port()
    gone = free_port()
    await gates.follow([way(port, ("127.0.0.1", gone), WHY)])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await closed(writer)
    await gates.follow([way(port, ("127.0.0.1", gone))])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 60) == b""
    await closed(writer)
    await gates.follow([])
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_slow_way_is_felt_by_connections_that_are_there_already() -> None:
    gates, port = Gates("on", [].append), free_port()
    async with upper() as target:
        await gates.follow([way(port, target)])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def ask() -> float:
            begun = asyncio.get_running_loop().time()
            writer.write(b"a")
            assert await reader.readexactly(1) == b"A"
            return asyncio.get_running_loop().time() - begun

        await ask()
        gates.disturb({"db": Trouble(0.2)})
        assert await ask() >= 0.2
        gates.disturb({"another": Trouble(0.2)})
        async with asyncio.timeout(60):
            while await ask() >= 0.2:  # others use the machine, too
                pass
        await closed(writer)
        await gates.stop()


async def test_a_refused_way_cuts_and_refuses_until_it_is_open_again() -> None:
    gates, port = Gates("off", [].append), free_port()
    async with upper() as target:
        await gates.follow([way(port, target)])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"A"
        gates.disturb({"db": Trouble(refused=True)})
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        again, other = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            assert await again.read() == b""
        await gates.follow([way(port, target), way(free_port(), target)])  # new gates, too
        gates.disturb({})
        last, third = await asyncio.open_connection("127.0.0.1", port)
        third.write(b"a")
        assert await last.readexactly(1) == b"A"
        await closed(writer, other, third)
        await gates.stop()
