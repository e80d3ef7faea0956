"""WebSockets with a real client and a real server, through one layer and through all."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bonkei.base.events import Endpoint, TargetRegistered
from tests.bonkei.services.edge.definitions import (
    SECRET,
    behavior,
    distribution,
    stack,
    target_group,
)
from tests.bonkei.services.edge.support import Running, ok, running, serving


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        if message == "bye":
            await connection.close(4001, "bye")
        else:
            await connection.send(message)


async def join(edge: Running, server: object) -> None:
    """Register a WebSocket server. Its health check gets a 426, which the matcher must accept."""
    port = next(iter(server.sockets)).getsockname()[1]  # type: ignore[attr-defined]
    edge.bus.publish(TargetRegistered("arn:tg/web", "ws", Endpoint("127.0.0.1", port)))
    # A WebSocket server answers a plain GET with 426: unhealthy, so the group fails open.
    await edge.until(lambda: edge.state("web", "ws") == "unhealthy")


@pytest.mark.parametrize("kind", ["load_balancer", "distribution"])
@pytest.mark.parametrize("policies", ["all", "none"])
async def test_messages_both_ways(kind: str, policies: str) -> None:
    blueprint = stack()
    if policies == "none":
        blueprint = stack(distributions=(distribution(behavior(origin_request=None)),))
    async with running(blueprint) as edge, serve(echo, "127.0.0.1", 0, open_timeout=60) as server:
        await join(edge, server)
        headers = {"X-Origin-Verify": SECRET}
        url = f"ws://127.0.0.1:{edge.port(kind)}/socket"
        async with connect(url, additional_headers=headers, proxy=None, open_timeout=60) as socket:
            for message in ("hello", b"\0" * 70_000, "x" * 500_000):
                await socket.send(message)
                assert await socket.recv() == message
            group = next(g for g in edge.edge.snapshot().target_groups if g.name == "web")
            assert group.targets[0].outstanding == 1
            await socket.send("bye")
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "bye")
        await edge.until(lambda: _outstanding(edge) == 0)


def _outstanding(edge: Running) -> int:
    return sum(t.outstanding for g in edge.edge.snapshot().target_groups for t in g.targets)


async def test_many_sockets_at_once() -> None:
    async with running(stack()) as edge, serve(echo, "127.0.0.1", 0, open_timeout=60) as server:
        await join(edge, server)
        url = f"ws://127.0.0.1:{edge.port('distribution')}/socket"

        async def one(number: int) -> None:
            async with connect(url, proxy=None, open_timeout=60) as socket:
                for turn in range(20):
                    await socket.send(f"{number}-{turn}")
                    assert await socket.recv() == f"{number}-{turn}"

        await asyncio.gather(*(one(number) for number in range(30)))
        await edge.until(lambda: _outstanding(edge) == 0)


async def test_a_target_that_declines_the_upgrade() -> None:
    async with serving(stack(), ok(b"no", status="404 Not Found")) as (edge, _):
        url = f"ws://127.0.0.1:{edge.port('distribution')}/socket"
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, proxy=None, open_timeout=60)
        assert refused.value.response.status_code == 404


async def test_the_web_acl_decides_first() -> None:
    async with serving(stack()) as (edge, web):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{edge.port()}/socket", proxy=None, open_timeout=60)
        assert refused.value.response.status_code == 403
        assert web.requests == []


async def test_bytes_before_the_answer_are_kept() -> None:
    """A client must not send them, but a fast one does. They are never parsed as another
    request.
    """

    async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/health" in head:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        await asyncio.sleep(0.1)
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"\r\nfirst"
        )
        writer.write(await reader.readexactly(7))
        await reader.read()
        writer.close()

    async with (
        running(stack()) as edge,
        await asyncio.start_server(upgrade, "127.0.0.1", 0) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        edge.bus.publish(TargetRegistered("arn:tg/web", "ws", Endpoint("127.0.0.1", port)))
        await edge.until(lambda: edge.state("web", "ws") == "healthy")
        async with edge.client("distribution") as client:
            client.send(
                b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\nGET"
            )
            await asyncio.sleep(0.05)
            client.send(b" / H")
            answer = await client.receive(head_only=True)
            assert answer.status == 101
            rest = client._left
            while len(rest) < 12:
                rest += await asyncio.wait_for(client.reader.read(100), 60)
            assert rest == b"firstGET / H"


async def test_a_socket_ends_with_the_deregistration_delay() -> None:
    """The tunnel ends with its connection, without another answer."""
    groups = (target_group("web", deregistration_delay=0.1), target_group("api"))
    async with (
        running(stack(target_groups=groups)) as edge,
        serve(echo, "127.0.0.1", 0, open_timeout=60) as server,
    ):
        await join(edge, server)
        async with edge.client("distribution") as client:
            client.send(
                b"GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            assert (await client.receive()).status == 101
            edge.deregister("web", "ws")
            assert await client.closed() == b""
