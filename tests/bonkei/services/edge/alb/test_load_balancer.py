"""The load balancer over real sockets: rules, actions, targets' heads, logs."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from rows import keeping

from bonkei.base.events import TrafficShifted
from bonkei.blueprint.elbv2 import (
    FixedResponse,
    Forward,
    HostHeader,
    Listener,
    PathPattern,
    Redirect,
    WeightedTarget,
)
from tests.bonkei.services.edge.definitions import (
    balancer,
    balancer_only,
    forward,
    load_balancer,
    rule,
    target_group,
)
from tests.bonkei.services.edge.support import Message, Target, ok, running, serving

# Rules and actions.


async def test_rules_by_priority_then_the_default() -> None:
    """ "Listener rules": evaluated in priority order, from the lowest value to the highest."""
    blueprint = balancer_only(
        rule(20, FixedResponse(200, body="late"), PathPattern(("/a/*",))),
        rule(10, FixedResponse(200, body="early"), PathPattern(("/a/b*",))),
        rule(30, FixedResponse(404, "text/html", "gone"), HostHeader(("old.example",))),
        default=FixedResponse(503, "application/json", "{}"),
    )
    async with running(blueprint) as edge:
        assert (await edge.get("/a/bc")).body == b"early"
        assert (await edge.get("/a/x")).body == b"late"
        gone = await edge.get("/", host="OLD.example:80")
        assert (gone.status, gone.get("Content-Type"), gone.body) == (404, "text/html", b"gone")
        default = await edge.get("/")
        assert (default.status, default.get("Content-Type")) == (503, "application/json")
        assert default.get("Server") == "awselb/2.0"
        head = await edge.get("/a/bc", method="HEAD")
        assert (head.status, head.get("Content-Length"), head.body) == (200, "5", b"")


@pytest.mark.parametrize(
    ("redirect", "location"),
    [
        (Redirect(301, protocol="HTTPS", port="443"), "https://site.example:443/a/b?c=d"),
        (Redirect(302, path="/new/#{path}", query="x=1&#{query}"),
         "http://site.example:80/new/a/b?x=1&c=d"),
        (Redirect(302, host="www.#{host}", query=""), "http://www.site.example:80/a/b"),
    ],
)  # fmt: skip
async def test_redirects(redirect: Redirect, location: str) -> None:
    """ "Redirect actions": the URI components that are not set keep the request's own."""
    async with running(balancer_only(default=redirect)) as edge:
        answer = await edge.get("/a/b?c=d", host="site.example:8081")
        assert (answer.status, answer.get("Location")) == (redirect.status, location)


async def test_weights_share_the_requests() -> None:
    action = Forward((WeightedTarget("arn:tg/a", 3), WeightedTarget("arn:tg/b", 1)))
    blueprint = balancer_only(
        default=action, target_groups=(target_group("a"), target_group("b"), target_group("web"))
    )
    async with running(blueprint) as edge, Target() as a, Target() as b:
        await edge.join("a", a)
        await edge.join("b", b)
        async with edge.client() as client:
            for _ in range(400):
                await client.request()
        assert 230 < len(a.requests) < 370
        none = replace(action, targets=(WeightedTarget("arn:tg/a", 0), action.targets[1]))
        await edge.edge.apply(replace(blueprint, load_balancers=(load_balancer(default=none),)))
        before = len(a.requests)
        for _ in range(5):
            await edge.get("/")
        assert len(a.requests) == before


async def test_round_robin_and_least_outstanding_requests() -> None:
    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await gate.wait()
        await ok()(message, reader, writer)

    gate = asyncio.Event()
    async with running(balancer_only()) as edge, Target() as a, Target() as b:
        await edge.join("web", a, "a")
        await edge.join("web", b, "b")
        for _ in range(10):
            await edge.get("/")
        assert (len(a.requests), len(b.requests)) == (5, 5)
    least = balancer_only(
        target_groups=(target_group("web", algorithm="least_outstanding_requests"),)
    )
    async with running(least) as edge, Target(slow) as a, Target() as b:
        await edge.join("web", a, "a")
        await edge.join("web", b, "b")
        busy = [asyncio.create_task(edge.get("/")) for _ in range(2)]
        await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)  # b has answered
        for _ in range(5):
            await edge.get("/")
        assert len(a.requests) == 1
        gate.set()
        await asyncio.gather(*busy)


async def test_a_sticky_target_group_keeps_a_client_at_its_target() -> None:
    """ "Sticky sessions": AWSALB, and AWSALBCORS for cross-origin use."""
    blueprint = balancer_only(target_groups=(target_group("web", stickiness=60),))
    async with running(blueprint) as edge, Target() as a, Target() as b:
        await edge.join("web", a, "a")
        await edge.join("web", b, "b")
        first = await edge.get("/")
        names = [each.partition("=")[0] for each in first.all("Set-Cookie")]
        assert names == ["AWSALB", "AWSALBCORS"]
        cookie = first.all("Set-Cookie")[0].partition(";")[0]
        for _ in range(6):
            await edge.get("/", ("Cookie", cookie))
        assert sorted((len(a.requests), len(b.requests))) == [0, 7]
        for _ in range(4):
            await edge.get("/", ("Cookie", "AWSALB=forged"))
        assert 0 not in (len(a.requests), len(b.requests))


# The headers for a target.


@pytest.mark.parametrize(
    ("mode", "given", "seen"),
    [
        ("append", None, "127.0.0.1"),
        ("append", "192.0.2.1", "192.0.2.1, 127.0.0.1"),
        ("preserve", "192.0.2.1", "192.0.2.1"),
        ("preserve", None, None),
        ("remove", "192.0.2.1", None),
    ],
)
async def test_x_forwarded_for(mode: str, given: str | None, seen: str | None) -> None:
    """ "X-Forwarded-For" (HTTP headers and Application Load Balancers)."""
    headers = [("X-Forwarded-For", given)] if given else []
    async with serving(balancer(xff_header_processing_mode=mode)) as (edge, target):
        await edge.get("/", *headers)
        assert target.requests[0].get("X-Forwarded-For") == seen


async def test_463_for_too_many_addresses() -> None:
    """ "The upper limit for IP addresses is 30" (Troubleshoot your Application Load Balancers)."""
    async with serving(balancer_only()) as (edge, target):
        for count, status in ((30, 200), (31, 463)):
            addresses = ", ".join(["10.0.0.1"] * count)
            assert (await edge.get("/", ("X-Forwarded-For", addresses))).status == status
        assert len(target.requests) == 1


async def test_protocol_port_and_host() -> None:
    """The target gets AWS's port and protocol, not loopback's. A port other than the protocol's
    default is appended to Host ("Host header preservation").
    """
    https = Listener("l", "arn:l", 443, "HTTPS", forward("web"))
    async with serving(balancer(listeners=(https,))) as (edge, target):
        await edge.get("/", ("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Port", "70"))
        seen = target.requests[0]
        assert seen.all("X-Forwarded-Proto") == ["https"]
        assert seen.all("X-Forwarded-Port") == ["443"]
        assert seen.all("Host") == ["site.example"]
    other = Listener("l", "arn:l", 8080, "HTTP", forward("web"))
    async with serving(balancer(listeners=(other,))) as (edge, target):
        await edge.get("/")
        assert target.requests[0].all("Host") == ["site.example:8080"]
    keeps = balancer(listeners=(other,), preserve_host_header=True)
    async with serving(keeps) as (edge, target):
        await edge.get("/")
        assert target.requests[0].all("Host") == ["site.example"]


async def test_invalid_header_names_can_be_dropped() -> None:
    async with serving(balancer(drop_invalid_header_fields=True)) as (edge, target):
        await edge.get("/", ("X_Bad", "1"), ("X-Good", "1"))
        assert target.requests[0].get("X_Bad") is None
        assert target.requests[0].get("X-Good") == "1"


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (None, r"Root=1-\w{8}-\w{24}"),
        ("Root=1-67891233-abcdef012345678912345678",
         r"Self=1-\w{8}-\w{24};Root=1-67891233-abcdef012345678912345678"),
        ("Self=1-1-1;Root=1-67891233-abcdef012345678912345678;CalledFrom=app",
         r"Self=1-\w{8}-\w{24};Root=1-67891233-abcdef012345678912345678;CalledFrom=app"),
        ("CalledFrom=app", r"Root=1-\w{8}-\w{24};CalledFrom=app"),
    ],
)  # fmt: skip
async def test_trace_id(given: str | None, seen: str) -> None:
    """ "Request tracing for your Application Load Balancer"."""
    headers = [("X-Amzn-Trace-Id", given)] if given else []
    async with serving(balancer_only()) as (edge, target):
        await edge.get("/", *headers)
        assert re.fullmatch(seen, target.requests[0].get("X-Amzn-Trace-Id") or "")


# Access records.


async def test_the_access_log_hook_gets_each_request() -> None:
    records: list[Any] = []
    blueprint = balancer_only(rule(1, forward("web"), PathPattern(("/a",))))
    async with serving(blueprint, on_access=keeping(records.extend)) as (edge, _):
        await edge.get("/a?b", ("User-Agent", "test"), method="POST", body=b"abc")
        await edge.until(lambda: len(records) == 1)
    (record,) = records
    assert (record.method, record.target, record.status) == ("POST", "/a?b", 200)
    assert (record.received_bytes, record.sent_bytes) == (3, 2)
    assert (record.target_group_arn, record.task_id) == ("arn:tg/web", "task-1")
    assert (record.rule, record.user_agent, record.host) == ("arn:rule/1", "test", "site.example")
    assert record.trace_id.startswith("Root=1-")
    assert record.seconds >= 0


async def test_a_deployment_moves_the_weights_of_a_rule_under_load() -> None:
    """No request fails, and a new routing keeps the weights."""
    action = Forward((WeightedTarget("arn:tg/a", 100), WeightedTarget("arn:tg/b", 0)))
    groups = (target_group("a"), target_group("b"), target_group("web"))
    blueprint = balancer_only(rule(1, action, PathPattern(("/*",))), target_groups=groups)
    arn = blueprint.load_balancers[0].listeners[0].rules[0].arn

    def shift(percent: int) -> None:
        weights = (("arn:tg/a", 100 - percent), ("arn:tg/b", percent))
        edge.bus.publish(TrafficShifted(arn, weights))

    async with running(blueprint) as edge, Target() as a, Target() as b:
        await edge.join("a", a)
        await edge.join("b", b)
        async with edge.client() as client:
            for percent, low, high in ((0, 0, 0), (20, 30, 90), (100, 300, 300), (0, 0, 0)):
                before = len(b.requests)
                if percent or before:
                    shift(percent)
                await edge.edge.apply(blueprint)
                for _ in range(300):
                    assert (await client.request()).status == 200
                assert low <= len(b.requests) - before <= high
        gone = TrafficShifted(arn, (("arn:tg/gone", 100), ("arn:tg/a", 0)))
        edge.bus.publish(gone)
        await edge.edge.apply(blueprint)  # forgets groups that nothing declares
        assert (await edge.get("/")).status == 503
        shift(20)
        weights = (WeightedTarget("arn:tg/a", 80), WeightedTarget("arn:tg/b", 20))
        assert edge.edge.snapshot().shifts == ((arn, weights),)
