"""The load balancer over real sockets: rules, actions, errors, connections, streams."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.load_balancer import (
    FixedResponse,
    Forward,
    HostHeader,
    Listener,
    PathPattern,
    Redirect,
    WeightedTarget,
)
from tests.bonkei.edge.support import (
    Message,
    Target,
    balancer_only,
    forward,
    load_balancer,
    ok,
    raw,
    rule,
    running,
    target_group,
)


def balancer(blueprint: Blueprint | None = None, **changes: Any) -> Blueprint:
    blueprint = blueprint or balancer_only()
    return replace(blueprint, load_balancers=(replace(blueprint.load_balancers[0], **changes),))


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
        await asyncio.sleep(0.3)
        await ok()(message, reader, writer)

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
        await edge.until(lambda: len(a.requests) == 1)
        for _ in range(5):
            await edge.get("/")
        assert len(a.requests) == 1
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


# What a target is told.


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
    async with running(balancer(xff_header_processing_mode=mode)) as edge, Target() as target:
        await edge.join("web", target)
        await edge.get("/", *headers)
        assert target.requests[0].get("X-Forwarded-For") == seen


async def test_463_for_too_many_addresses() -> None:
    """ "The upper limit for IP addresses is 30" (Troubleshoot your Application Load Balancers)."""
    async with running(balancer_only()) as edge, Target() as target:
        await edge.join("web", target)
        for count, status in ((30, 200), (31, 463)):
            addresses = ", ".join(["10.0.0.1"] * count)
            assert (await edge.get("/", ("X-Forwarded-For", addresses))).status == status
        assert len(target.requests) == 1


async def test_protocol_port_and_host() -> None:
    """The target is told the port and protocol of AWS, not of loopback; and a port that is not the
    protocol's own is appended to Host ("Host header preservation")."""
    https = Listener("l", "arn:l", 443, "HTTPS", forward("web"))
    async with running(balancer(listeners=(https,))) as edge, Target() as target:
        await edge.join("web", target)
        await edge.get("/", ("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Port", "70"))
        seen = target.requests[0]
        assert seen.all("X-Forwarded-Proto") == ["https"]
        assert seen.all("X-Forwarded-Port") == ["443"]
        assert seen.all("Host") == ["site.example"]
    other = Listener("l", "arn:l", 8080, "HTTP", forward("web"))
    async with running(balancer(listeners=(other,))) as edge, Target() as target:
        await edge.join("web", target)
        await edge.get("/")
        assert target.requests[0].all("Host") == ["site.example:8080"]
    keeps = balancer(listeners=(other,), preserve_host_header=True)
    async with running(keeps) as edge, Target() as target:
        await edge.join("web", target)
        await edge.get("/")
        assert target.requests[0].all("Host") == ["site.example"]


async def test_invalid_header_names_can_be_dropped() -> None:
    async with running(balancer(drop_invalid_header_fields=True)) as edge, Target() as target:
        await edge.join("web", target)
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
    async with running(balancer_only()) as edge, Target() as target:
        await edge.join("web", target)
        await edge.get("/", *headers)
        assert re.fullmatch(seen, target.requests[0].get("X-Amzn-Trace-Id") or "")


# Errors ("Troubleshoot your Application Load Balancers").


async def test_503_without_a_registered_target() -> None:
    async with running(balancer_only()) as edge:
        answer = await edge.get("/")
        assert (answer.status, answer.get("Server")) == (503, "awselb/2.0")
        assert b"503 Service Temporarily Unavailable" in answer.body


async def test_502_when_the_target_refuses_or_breaks_off() -> None:
    async with running(balancer_only()) as edge, Target(raw(b"")) as target:
        await edge.join("web", target)
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
    ],
)
async def test_502_for_a_malformed_response(answer: bytes) -> None:
    async with running(balancer_only()) as edge, Target(raw(answer)) as target:
        await edge.join("web", target)
        assert (await edge.get("/")).status == 502


async def test_504_when_the_target_is_silent() -> None:
    async def silent(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(30)

    async with running(balancer(idle_timeout=0.3)) as edge, Target(silent) as target:
        await edge.join("web", target)
        assert (await edge.get("/")).status == 504
        assert edge.edge.snapshot().target_groups[0].targets[0].outstanding == 0


async def test_an_upload_may_take_longer_than_the_idle_timeout() -> None:
    """It is a time without data ("Connection idle timeout"), not a time for all of them; on a
    connection to the target that was used before as on a new one."""
    async with running(balancer(idle_timeout=1.0)) as edge, Target() as target:
        await edge.join("web", target)
        async with edge.client() as client:
            assert (await client.request()).status == 200
            client.send(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n")
            for _ in range(9):  # 2.7 seconds
                await asyncio.sleep(0.3)
                client.send(b"x" * 100)
            assert (await client.receive()).status == 200
        assert (target.requests[1].body, target.connections) == (b"x" * 900, 1)


async def test_a_response_that_breaks_off_is_not_made_whole() -> None:
    cut = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    async with running(balancer_only()) as edge, Target(cut) as target:
        await edge.join("web", target)
        with pytest.raises((EOFError, ConnectionError)):
            await edge.get("/")
    cut = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    async with running(balancer_only()) as edge, Target(cut) as target:
        await edge.join("web", target)
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert not (await client.closed()).endswith(b"0\r\n\r\n")


async def test_a_trailer_that_does_not_end_breaks_the_response_off() -> None:
    chunks = b"3\r\nabc\r\n" * 1000
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless = raw(head + chunks + b"0\r\nX: " + b"y" * 1_000_000, close=False)
    async with running(balancer_only()) as edge, Target(endless) as target:
        await edge.join("web", target)
        async with edge.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert not (await client.closed(3)).endswith(b"0\r\n\r\n")


# Connections.


async def test_connections_are_kept_on_both_sides() -> None:
    async with running(balancer_only()) as edge, Target() as target:
        await edge.join("web", target)
        async with edge.client() as client:
            for _ in range(5):
                assert (await client.request()).get("Connection") == "keep-alive"
        assert target.connections == 1


async def test_an_idle_connection_that_the_target_closed_is_not_the_clients_problem() -> None:
    """Only an idempotent request without a body is sent again; any other gets its 502."""
    closing = True

    async def once(message: Message, reader: Any, writer: Any) -> None:
        if message.target == "/first" or not closing:
            await ok()(message, reader, writer)
        else:
            writer.transport.abort()

    async with running(balancer_only()) as edge, Target(once) as target:
        await edge.join("web", target)
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

    async with running(balancer_only()) as edge, Target(echo) as target:
        await edge.join("web", target)
        async with edge.client() as client:
            pipeline = b"".join(
                b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" % number
                for number in range(60)
            )
            client.send(pipeline)
            bodies = [(await client.receive()).body for _ in range(60)]
            assert bodies == [b"/%dabc" % number for number in range(60)]


async def test_http_1_0() -> None:
    chunked = raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", close=False
    )
    async with running(balancer_only()) as edge, Target(chunked) as target:
        await edge.join("web", target)
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
    async with running(balancer_only()) as edge, Target() as target:
        await edge.join("web", target)
        async with edge.client() as client:
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
    async with running(balancer_only()) as edge, Target(raw(answer, close=False)) as target:
        await edge.join("web", target)
        async with edge.client() as client:
            for _ in range(3):
                client.send(f"{method} / HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                seen = await client.receive(head_only=True)
                assert seen.get("Content-Length") == length
        assert target.connections == 1


async def test_a_response_until_the_connection_ends() -> None:
    until_close = raw(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n" + b"z" * 100_000)
    async with running(balancer_only()) as edge, Target(until_close) as target:
        await edge.join("web", target)
        async with edge.client() as client:
            for _ in range(2):
                answer = await client.request()
                assert answer.get("Transfer-Encoding") == "chunked"
                assert answer.body == b"z" * 100_000


async def test_what_connection_names_is_for_the_hop_to_the_target() -> None:
    """RFC 9110, section 7.6.1."""
    reply = ok(b"ok", ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("X-End", "2"))
    async with running(balancer_only()) as edge, Target(reply) as target:
        await edge.join("web", target)
        for _ in range(4):  # also as a head that is known
            answer = await edge.get("/")
            assert (answer.get("X-Hop"), answer.get("X-End")) == (None, "2")
        assert target.connections == 1


async def test_informational_responses_are_not_the_response() -> None:
    early = raw(
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        close=False,
    )
    async with running(balancer_only()) as edge, Target(early) as target:
        await edge.join("web", target)
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
async def test_a_second_response_is_given_to_nobody(second: bytes) -> None:
    twice = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" + second, close=False)
    async with running(balancer_only()) as edge, Target(twice) as target:
        await edge.join("web", target)
        async with edge.client() as client:
            assert (await client.request()).body == b"a"
            assert (await client.request()).body == b"a"
        assert target.connections == 2  # the first was not to be trusted any more


async def test_expect_continue_is_answered_at_once() -> None:
    """ "When Application Load Balancer receives an Expect header, it responds to the client
    immediately with an HTTP 100 Continue …, removes the Expect header, and then routes the
    request" (How Elastic Load Balancing works: HTTP headers)."""
    async with running(balancer_only()) as edge, Target() as target:
        await edge.join("web", target)
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

    async with running(balancer_only()) as edge, Target(slow) as target:
        await edge.join("web", target)
        async with edge.client() as client:
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
                self._writers.add(writer)  # cut when the test ends
                writer.transport.pause_reading()

    async with running(balancer(idle_timeout=0.5)) as edge, Unwilling(stuck) as target:
        await edge.join("web", target)
        async with edge.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")
            client.send(b"x" * 40_000_000)
            assert (await client.receive()).status == 504


async def test_an_upgrade_that_is_not_offered_is_ignored() -> None:
    async with running(balancer_only()) as edge, Target() as target:
        await edge.join("web", target)
        async with edge.client() as client:
            upgrade = ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c")
            assert (await client.request("/1", *upgrade)).status == 200
            assert (await client.request("/2")).status == 200
        assert target.requests[0].get("Upgrade") is None


# What is told of it.


async def test_the_access_log_hook_is_told_of_each_request() -> None:
    records: list[Any] = []
    blueprint = balancer_only(rule(1, forward("web"), PathPattern(("/a",))))
    async with running(blueprint, on_access=records.append) as edge, Target() as target:
        await edge.join("web", target)
        await edge.get("/a?b", ("User-Agent", "test"), method="POST", body=b"abc")
        await edge.until(lambda: len(records) == 1)
    (record,) = records
    assert (record.method, record.target, record.status) == ("POST", "/a?b", 200)
    assert (record.received_bytes, record.sent_bytes) == (3, 2)
    assert (record.target_group_arn, record.task_id) == ("arn:tg/web", "task-1")
    assert (record.rule, record.user_agent, record.host) == ("arn:rule/1", "test", "site.example")
    assert record.trace_id.startswith("Root=1-")
    assert record.seconds >= 0
