"""The edge's life: listeners, ports, and routing swapped while requests are in flight."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import Any

import pytest

from bonkei.base.events import Bus
from bonkei.blueprint.elbv2 import FixedResponse, Listener, PathPattern
from bonkei.blueprint.wafv2 import ByteMatch, FieldToMatch, WafAction, WafRule
from bonkei.services.edge import Edge, EdgeError, EdgeSettings
from tests.bonkei.services.edge.definitions import (
    balancer_only,
    behavior,
    distribution,
    forward,
    header_acl,
    load_balancer,
    rule,
    stack,
    target_group,
)
from tests.bonkei.services.edge.support import Client, Message, ok, running, serving


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ("distribution_port", "[edge] port in bonkei.toml, or BONKEI_EDGE_PORT"),
        ("load_balancer_port", "[alb] port in bonkei.toml, or BONKEI_ALB_PORT"),
    ],
)
async def test_a_port_in_use(setting: str, remedy: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        settings = replace(
            EdgeSettings(distribution_port=0, load_balancer_port=0), **{setting: port}
        )
        edge = Edge(Bus(), settings)
        with pytest.raises(EdgeError) as failed:
            await edge.start(stack())
        assert f"port {port}" in failed.value.message
        assert remedy in failed.value.remedy
        assert edge.snapshot().listeners == ()


async def test_all_ports_in_use_are_named_at_once() -> None:
    here = ("127.0.0.1", 0)
    with socket.create_server(here) as one, socket.create_server(here) as two:
        ports = one.getsockname()[1], two.getsockname()[1]
        edge = Edge(Bus(), EdgeSettings(distribution_port=ports[0], load_balancer_port=ports[1]))
        with pytest.raises(EdgeError) as failed:
            await edge.start(stack())
    assert [f"port {port} on" in failed.value.message for port in ports] == [True, True]
    assert "[edge] port" in failed.value.remedy
    assert "[alb] port" in failed.value.remedy


async def test_listeners_are_listed() -> None:
    http = load_balancer().listeners[0]
    https = Listener("aws_lb_listener.https", "arn:listener/https", 443, "HTTPS", forward("web"))
    blueprint = stack(
        distributions=(distribution(), replace(distribution(), id="E2", address="second")),
        load_balancers=(replace(load_balancer(), listeners=(https, http)),),
    )
    async with running(blueprint) as edge:
        listeners = edge.edge.snapshot().listeners
        assert [(each.kind, each.address) for each in listeners] == [
            ("distribution", "aws_cloudfront_distribution.this"),
            ("distribution", "second"),
            # The distribution's listener has the port of the settings.
            ("load_balancer", "aws_lb_listener.http"),
            ("load_balancer", "aws_lb_listener.https"),
        ]
        assert len({each.port for each in listeners}) == 4
        assert all(each.url == f"http://127.0.0.1:{each.port}" for each in listeners)


async def test_a_disabled_distribution_does_not_listen() -> None:
    async with running(stack(distributions=(distribution(enabled=False),))) as edge:
        assert [each.kind for each in edge.edge.snapshot().listeners] == ["load_balancer"]


async def test_listeners_open_and_close_and_the_others_stay() -> None:
    blueprint = balancer_only()
    async with serving(blueprint) as (edge, _):
        port = edge.port()
        async with edge.client() as client:
            assert (await client.request()).status == 200
            await edge.edge.apply(
                replace(stack(web_acls=()), load_balancers=blueprint.load_balancers)
            )
            assert edge.port() == port
            assert (await client.request()).status == 200  # on the same connection
        assert (await edge.get("/", kind="distribution")).status == 200
        viewers = edge.port("distribution")
        await edge.edge.apply(blueprint)
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", viewers)


async def test_a_request_in_flight_keeps_its_routing() -> None:
    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await gate.wait()
        await ok(b"old")(message, reader, writer)

    gate = asyncio.Event()
    async with serving(balancer_only(), slow) as (edge, web), edge.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await edge.until(lambda: len(web.requests) == 1)
        await edge.edge.apply(balancer_only(default=FixedResponse(200, body="new")))
        assert (await edge.get("/")).body == b"new"
        gate.set()
        assert (await client.receive()).body == b"old"
        assert (await client.request()).body == b"new"


async def test_a_changed_header_is_in_force_at_once() -> None:
    async with serving(stack()) as (edge, _):
        await edge.edge.apply(stack(web_acls=(header_acl("rotated"),)))
        assert (await edge.get("/", kind="distribution")).status == 403
        assert (await edge.get("/", ("X-Origin-Verify", "rotated"))).status == 200
        assert len(edge.edge.snapshot().web_acls[0].rules) == 2


async def test_contradictory_definitions_leave_the_old_routing() -> None:
    async with serving(balancer_only()) as (edge, _):
        with pytest.raises(EdgeError, match="target group"):
            await edge.edge.apply(balancer_only(default=forward("nowhere")))
        assert (await edge.get("/")).status == 200


async def test_an_invalid_matcher_is_refused() -> None:
    group = target_group("web")
    group = replace(group, health_check=replace(group.health_check, matcher="ok"))
    async with running(balancer_only()) as edge:
        with pytest.raises(EdgeError, match="matcher 'ok'"):
            await edge.edge.apply(balancer_only(target_groups=(group,)))


async def test_a_listener_that_cannot_be_opened_leaves_the_old_routing() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        settings = EdgeSettings(distribution_port=holder.getsockname()[1], load_balancer_port=0)
        edge = Edge(Bus(), settings)
        await edge.start(balancer_only(default=FixedResponse(200, body="old")))
        try:
            port = edge.snapshot().listeners[0].port
            with pytest.raises(EdgeError):
                await edge.apply(stack())
            async with Client(port) as client:
                assert (await client.request(host="localhost")).body == b"old"
        finally:
            await edge.stop(0)


async def test_draining_completes_requests_in_flight_and_accepts_no_more() -> None:
    """A slow upload counts as in flight, and so does a response that the client still reads."""
    async with (
        serving(balancer_only(), ok(b"x" * 8_000_000)) as (edge, _),
        edge.client() as idle,
        edge.client() as uploads,
        edge.client() as reads,
    ):
        await idle.request("/")
        uploads.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
        reads.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await edge.until(lambda: edge.listener().requests == 3)
        draining = asyncio.create_task(edge.edge.drain(grace=100))
        assert await idle.closed() == b""
        with pytest.raises(OSError, match="refused"):
            await edge.get("/")
        assert not draining.done()
        uploads.send(b"cd")
        assert (await uploads.receive()).status == 200
        assert len((await reads.receive()).body) == 8_000_000
        await asyncio.wait_for(draining, 60)


async def test_stopping_waits_for_requests_in_flight() -> None:
    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await gate.wait()
        await ok(b"whole")(message, reader, writer)

    gate = asyncio.Event()
    async with serving(balancer_only(), slow) as (edge, web):
        async with edge.client() as busy, edge.client() as idle:
            busy.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await edge.until(lambda: len(web.requests) == 1)
            stopping = asyncio.create_task(edge.edge.stop(60))
            assert await idle.closed() == b""
            gate.set()
            answer = await busy.receive()
            assert (answer.body, answer.get("Connection")) == (b"whole", "close")
            await stopping
        assert edge.edge.snapshot().listeners == ()


async def test_everything_listens_on_loopback_only() -> None:
    async with running(stack(distributions=(distribution(behavior()),))) as edge:
        assert {each.host for each in edge.edge.snapshot().listeners} == {"127.0.0.1"}


async def test_a_target_group_that_is_not_simulated_answers_503() -> None:
    """The blueprint already lists it, so the edge does not list it again."""
    rules = (rule(1, forward("function"), PathPattern(("/function",))),)
    blueprint = balancer_only(*rules, arns=("arn:tg/function",))
    async with serving(blueprint) as (edge, _):
        assert (await edge.get("/function")).status == 503
        await edge.edge.apply(blueprint)
        assert (await edge.get("/function")).status == 503
        assert (await edge.get("/")).status == 200


@pytest.mark.parametrize("length", [8192, 8193])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_longer_than_a_web_acl_inspects(length: int, chunked: bool) -> None:
    body = FieldToMatch("body", oversize_handling="MATCH")
    long = WafRule("long", 1, WafAction("block"), ByteMatch(body, b"evil", "CONTAINS"))
    acl = replace(header_acl(), rules=(long,), default_action=WafAction("allow"))
    data = b"x" * length
    framing = b"Content-Length: %d\r\n\r\n%b" % (length, data)
    if chunked:
        framing = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (length, data)
    async with serving(balancer_only(web_acls=(acl,))) as (edge, web):
        async with edge.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + framing)
            assert (await client.receive()).status == (200 if length == 8192 else 403)
        assert [each.body for each in web.requests] == ([data] if length == 8192 else [])
