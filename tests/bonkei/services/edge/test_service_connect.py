"""Service Connect: each name has a loopback address of its own, with the endpoint's port."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from ports import free_port

from bonkei.base.events import ServiceEndpointAdded, ServiceEndpointRemoved
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import (
    Container,
    PortMapping,
    Service,
    ServiceConnect,
    ServiceConnectEndpoint,
    TaskDefinition,
)
from bonkei.services.edge import EdgeError, EdgeSettings
from tests.bonkei.services.edge.support import Client, Message, Running, Target, ok, running

ADDRESS = "127.77.9.9"


def blueprint(port: int, app_protocol: str = "http", **settings: Any) -> Blueprint:
    connect = ServiceConnect("ns", (ServiceConnectEndpoint("http", "backend", port),), **settings)
    mapping = PortMapping(8000, "http", app_protocol=app_protocol)
    definition = TaskDefinition(
        "td",
        "arn:td",
        "backend",
        1,
        256,
        512,
        (Container("backend", "x", port_mappings=(mapping,)),),
    )
    service = Service(
        "aws_ecs_service.backend", "arn:service", "backend", "arn:cluster", "arn:td", 1,
        service_connect=connect,
    )  # fmt: skip
    return Blueprint(services=(service,), task_definitions=(definition,))


SETTINGS = EdgeSettings(service_addresses={"backend": ADDRESS})


def add(edge: Running, target: Target, task: str = "t1") -> None:
    edge.bus.publish(ServiceEndpointAdded("arn:service", "http", task, target.endpoint))


async def call(port: int, path: str = "/") -> Message:
    async with Client(port, ADDRESS) as client:
        return await client.request(path, host="backend:8000")


async def test_requests_go_to_the_tasks_in_turn() -> None:
    port = free_port(ADDRESS)
    async with running(blueprint(port), SETTINGS) as edge, Target() as a, Target() as b:
        assert (await call(port)).status == 503
        add(edge, a, "a")
        add(edge, b, "b")
        for _ in range(6):
            assert (await call(port, "/x")).body == b"ok"
        assert (len(a.requests), len(b.requests)) == (3, 3)
        assert a.requests[0].get("Host") == "backend:8000"
        assert a.requests[0].get("X-Forwarded-For") is None
        (pool,) = edge.edge.snapshot().services
        assert (pool.address, pool.name, len(pool.targets)) == (
            "aws_ecs_service.backend",
            "http",
            2,
        )
        edge.bus.publish(ServiceEndpointRemoved("arn:service", "http", "a"))
        for _ in range(4):
            await call(port)
        assert (len(a.requests), len(b.requests)) == (3, 7)
        (listener,) = edge.edge.snapshot().listeners
        assert (listener.name, listener.url) == ("backend", f"http://{ADDRESS}:{port}")


async def test_an_unreachable_task_is_skipped() -> None:
    port = free_port(ADDRESS)
    async with running(blueprint(port), SETTINGS) as edge, Target() as good:
        async with Target() as gone:
            add(edge, gone, "gone")
        add(edge, good, "good")
        for _ in range(4):
            assert (await call(port)).status == 200


async def test_the_per_request_time_out() -> None:
    async def silent(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(600)

    port = free_port(ADDRESS)
    made = blueprint(port, per_request_timeout=0.3)
    async with running(made, SETTINGS) as edge, Target(silent) as target:
        add(edge, target)
        answer = await call(port)
        assert (answer.status, answer.body) == (504, b"upstream request timeout")


async def test_a_port_without_app_protocol_is_relayed_as_tcp() -> None:
    """ "If you don't set a value for this parameter, then TCP is used" (appProtocol)."""

    async def reverse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read()  # until the client has sent all its data
        writer.write(data[::-1])
        writer.close()

    port = free_port(ADDRESS)
    async with running(blueprint(port, ""), SETTINGS) as edge:
        async with await asyncio.start_server(reverse, "127.0.0.1", 0) as server:
            target = Target()
            target.port = server.sockets[0].getsockname()[1]
            add(edge, target)
            reader, writer = await asyncio.open_connection(ADDRESS, port)
            writer.write(b"\x00\x01abc" * 100_000)
            writer.write_eof()
            assert await reader.read() == b"cba\x01\x00" * 100_000
            writer.close()
            await writer.wait_closed()
        (listener,) = edge.edge.snapshot().listeners
        assert listener.url == f"tcp://{ADDRESS}:{port}"


async def test_without_a_task_a_tcp_connection_is_closed() -> None:
    port = free_port(ADDRESS)
    async with running(blueprint(port, ""), SETTINGS), Client(port, ADDRESS) as client:
        assert await client.closed() == b""


async def test_the_idle_time_out_of_a_tcp_connection() -> None:
    """ "A value of 0 can be set to disable idleTimeout" (TimeoutConfiguration)."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        target = Target()
        target.port = server.sockets[0].getsockname()[1]
        port = free_port(ADDRESS)
        async with running(blueprint(port, "", idle_timeout=0.3), SETTINGS) as edge:
            add(edge, target)
            async with Client(port, ADDRESS) as client:
                assert await client.closed() == b""
        port = free_port(ADDRESS)
        async with running(blueprint(port, "", idle_timeout=0), SETTINGS) as edge:
            add(edge, target)
            async with Client(port, ADDRESS) as client:
                with pytest.raises(TimeoutError):
                    await client.closed(1.0)


async def test_a_name_without_an_address_is_reported() -> None:
    async with running(blueprint(8000), EdgeSettings()) as edge:
        (missing,) = edge.edge.snapshot().not_simulated
        assert "backend" in missing.reason


async def test_responses_stream() -> None:
    port = free_port(ADDRESS)
    async with running(blueprint(port), SETTINGS) as edge, Target(ok(b"z" * 3_000_000)) as target:
        add(edge, target)
        assert len((await call(port)).body) == 3_000_000


async def test_connections_survive_a_failed_change_but_not_the_edge() -> None:
    """The listener is closed to make room, and opened again if there is none."""
    port, taken = free_port(ADDRESS), free_port(ADDRESS)
    with socket.socket() as holder:
        holder.bind((ADDRESS, taken))
        holder.listen()
        async with running(blueprint(port), SETTINGS) as edge, Target() as task:
            add(edge, task)
            async with Client(port, ADDRESS) as client:
                assert (await client.request(host="backend")).status == 200
                with pytest.raises(EdgeError, match=f"port {taken}"):
                    await edge.edge.apply(blueprint(taken))
                assert (await client.request(host="backend")).status == 200
                assert (await call(port)).status == 200
                await edge.edge.stop(5)
                assert await client.closed() == b""
