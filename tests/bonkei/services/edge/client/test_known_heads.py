"""A head that comes again is not parsed again. Nothing else may change because of it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import FixedResponse, HttpHeader
from bonkei.blueprint.wafv2 import (
    ByteMatch,
    FieldToMatch,
    RateBased,
    WafAction,
    WafRule,
    WebAcl,
)
from bonkei.services.edge.client.access import Row
from bonkei.services.edge.cloudfront.viewer_response import request_id
from bonkei.services.edge.http.head import make_request
from bonkei.services.edge.http.message import Headers, header
from bonkei.services.edge.http.plain_head import REQUEST_LINE, plain_request
from bonkei.services.edge.http.response_head import ResponseHead
from bonkei.services.edge.settings import Limits
from tests.bonkei.services.edge.definitions import (
    balancer_only,
    distribution,
    load_balancer,
    rule,
    stack,
)
from tests.bonkei.services.edge.support import Message, ok, raw, serving

BLOCK = b"Host: site.example\r\nCookie: a=1\r\nVia: 1.0 x\r\nX-Amz-Cf-Id: mine\r\n\r\n"
OF_THE_REQUEST = {"X-Amzn-Trace-Id", "X-Amz-Cf-Id"}
HOST = header(b"Host", b"a")


def stable(message: Message) -> list[tuple[str, str]]:
    return sorted(each for each in message.headers if each[0] not in OF_THE_REQUEST)


@pytest.mark.parametrize("kind", ["distribution", "load_balancer"])
async def test_a_known_request_reaches_the_target_like_an_unknown_one(kind: str) -> None:
    blueprint = stack() if kind == "distribution" else balancer_only()
    async with serving(blueprint, ok(b"web", ("X-Own", "1"))) as (edge, web):
        async with edge.client(kind) as client:
            answers = []
            for target in (*[b"/one?a=1"] * 6, b"/two"):
                client.send(b"GET " + target + b" HTTP/1.1\r\n" + BLOCK)
                answers.append(await client.receive())
        assert [each.target for each in web.requests] == ["/one?a=1"] * 6 + ["/two"]
        first, *others = map(stable, web.requests)
        assert others == [first] * 6
        traces = {each.get("X-Amzn-Trace-Id") for each in web.requests}
        assert len(traces) == 7
        assert [each.body for each in answers] == [b"web"] * 7
        first, *others = map(stable, answers)
        assert others == [first] * 6
        if kind == "distribution":
            identities = [each.get("X-Amz-Cf-Id") for each in web.requests]
            assert len(set(identities)) == 7
            assert identities == [each.get("X-Amz-Cf-Id") for each in answers]


async def test_web_acls_count_and_limit_known_requests() -> None:
    limit = WafRule("rate", 1, WafAction("block"), RateBased(6, 60, "IP"))
    acl = WebAcl("acl", "arn:acl", "acl", "REGIONAL", WafAction("allow"), (limit,), ("arn:lb",))
    async with serving(balancer_only(web_acls=(acl,))) as (edge, _):
        async with edge.client() as client:
            statuses = [(await client.request("/")).status for _ in range(9)]
        assert statuses == [200] * 6 + [403] * 3


async def test_a_known_request_is_routed_again_after_the_routing_changes() -> None:
    async with serving(balancer_only()) as (edge, _):
        async with edge.client() as client:
            before = [(await client.request("/")).status for _ in range(6)]
            limit = WafRule("rate", 1, WafAction("block"), RateBased(0, 60, "IP"))
            acl = WebAcl("a", "arn:a", "a", "REGIONAL", WafAction("allow"), (limit,), ("arn:lb",))
            await edge.edge.apply(balancer_only(web_acls=(acl,)))
            after = [(await client.request("/")).status for _ in range(6)]
        assert before == [200] * 6
        assert after == [403] * 6


@pytest.mark.parametrize(
    "line",
    [
        b"GET /a b HTTP/1.1", b"GET /\0 HTTP/1.1", b"GET /a#b HTTP/1.1", b"GET a HTTP/1.1",
        b"TRACE / HTTP/1.1", b"GET / HTTP/2.0", b"GET / HTTP/1.1 ", b"GET\t/ HTTP/1.1",
        b"GET /\x7f HTTP/1.1", b"get / HTTP/1.1", b" GET / HTTP/1.1", b"GET /\xff HTTP/1.2",
    ],
)  # fmt: skip
async def test_a_known_request_does_not_admit_a_bad_request_line(line: bytes) -> None:
    async with serving(balancer_only()) as (edge, web):
        async with edge.client() as client:
            for _ in range(3):
                client.send(b"GET / HTTP/1.1\r\n" + BLOCK)
                assert (await client.receive()).status == 200
            client.send(line + b"\r\n" + BLOCK)
            assert (await client.receive()).status in (400, 405, 505)
            assert await client.closed() == b""
        assert len(web.requests) == 3


async def test_known_requests_mix_with_bodies_pipelines_and_fragments() -> None:
    """Only complete requests that stand alone skip the parser, and its position is never lost."""
    async with serving(balancer_only()) as (edge, web):
        known = b"GET /known HTTP/1.1\r\n" + BLOCK
        post = b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(known)
        async with edge.client() as client:
            for data, count in (
                (known, 1), (known, 1), (known * 3, 3), (post + known, 1), (known, 1),
            ):  # fmt: skip
                client.send(data)
                for _ in range(count):
                    assert (await client.receive()).status == 200
            client.send(post)  # the body has the bytes of a known request
            await asyncio.sleep(0.05)
            client.send(known)
            assert (await client.receive()).status == 200
            client.send(known[:20])
            await asyncio.sleep(0.05)
            client.send(known[20:])
            assert (await client.receive()).status == 200
        posts = [each for each in web.requests if each.method == "POST"]
        assert [each.body for each in posts] == [known, known]
        assert len(web.requests) == 9


@given(st.binary(max_size=40))
def test_a_request_line_that_skips_the_parser_is_valid(target: bytes) -> None:
    class Parsed:
        target = b""
        done = False

        def on_url(self, part: bytes) -> None:
            self.target += part

        def on_message_complete(self) -> None:
            self.done = True

    line = REQUEST_LINE.match(b"GET /" + target + b" HTTP/1.1\r\n")
    if line is None:
        return
    parsed = Parsed()
    httptools.HttpRequestParser(parsed).feed_data(line[0] + b"Host: a\r\n\r\n")
    request, keep_alive = make_request(
        b"GET", parsed.target, "1.1", [HOST], {b"host": b"a"}, b"127.0.0.1"
    )
    assert parsed.done
    assert keep_alive
    assert line.groups(b"") == (b"GET", request.target, request.path, request.query)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 4096 + b"\r\n\r\n",
    ],
)
def test_requests_that_need_the_parser(data: bytes) -> None:
    assert plain_request(data, b"127.0.0.1", Limits()) is None


def test_a_request_id_and_its_line_are_about_the_same_request() -> None:
    every = [request_id() for _ in range(1_000)]
    assert len({value for _, value, _ in every}) == 1_000
    assert all(each == header(b"X-Amz-Cf-Id", each[1]) for each in every)
    assert all(re.fullmatch(rb"[0-9A-Za-z_-]{54}==", value) for _, value, _ in every)


# Requests that differ in a header.


def _blocking(scope: str) -> Blueprint:
    """A web ACL, of the load balancer or of the distribution, against one cookie."""
    statement = ByteMatch(FieldToMatch("single_header", "cookie"), b"n=7", "CONTAINS")
    block = WafRule("bad", 1, WafAction("block"), statement)
    protects = ("arn:lb",) if scope == "REGIONAL" else ()
    acl = WebAcl("b", "arn:b", "b", scope, WafAction("allow"), (block,), protects)
    made = stack(distributions=(distribution(web_acl_arn="" if protects else "arn:b"),))
    return replace(made, web_acls=(*made.web_acls, acl) if not protects else (acl,))


def _answering() -> Blueprint:
    """A listener rule against one cookie."""
    ruled = rule(1, FixedResponse(403, "text/plain", "no"), HttpHeader("Cookie", ("*n=7*",)))
    return stack(load_balancers=(load_balancer(ruled),))


@pytest.mark.parametrize(
    "blueprint", [_blocking("REGIONAL"), _blocking("CLOUDFRONT"), _answering()]
)
async def test_rules_look_at_each_request_and_its_record_has_its_headers(
    blueprint: Blueprint,
) -> None:
    rows: list[Row] = []
    async with serving(blueprint, on_access=rows.extend) as (edge, web):
        statuses = []
        async with edge.client("distribution") as client:
            for number in range(10):
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\nCookie: n=%d\r\n\r\n" % number)
                statuses.append((await client.receive()).status)
        assert statuses == [200] * 7 + [403] + [200] * 2
        assert len(web.requests) == 9
    assert [row[0].sample.status for row in rows] == statuses
    cookies = [value for row in rows for name, value, _ in row[3] if name == b"cookie"]
    assert cookies == [b"n=%d" % number for number in range(10)]


# Responses.


async def test_a_known_response_keeps_its_own_body() -> None:
    async with serving(balancer_only()) as (edge, web):
        async with edge.client() as client:
            for body in (b"one", b"two", b"ten", b"six"):
                web.reply = ok(body, ("X", "1"))
                assert (await client.request("/")).body == body
            assert (await client.request("/", method="HEAD")).get("Content-Length") == "3"
            assert (await client.request("/")).body == b"six"
        assert web.connections == 1


async def test_a_known_response_in_fragments_and_with_too_many_bytes() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"

    async def pieces(
        _: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        del reader
        writer.write(head + b"a")
        await asyncio.sleep(0.05)
        writer.write(b"bc")

    async with serving(balancer_only(), raw(head + b"one", close=False)) as (edge, web):
        async with edge.client() as client:
            for _ in range(3):
                assert (await client.request("/")).body == b"one"
            web.reply = pieces
            assert (await client.request("/")).body == b"abc"
            web.reply = raw(head + b"two" + head + b"bad", close=False)
            assert (await client.request("/")).body == b"two"
            web.reply = raw(head + b"six", close=False)
            assert (await client.request("/")).body == b"six"
        assert web.connections == 2  # the connection that sent too much was not used again


async def test_a_response_behind_an_interim_one_is_not_taken_for_its_body() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    second = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"
    first = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(second) + b"a" * len(second)
    async with serving(balancer_only()) as (edge, web), edge.client() as client:
        for answer, body in ((first, b"a" * len(second)), (second, b"b")):
            web.reply = raw(interim + answer, close=False)
            assert (await client.request("/")).body == body


def test_a_response_is_written_for_each_layer() -> None:
    class Layer:
        def decorate(self, status: int, headers: Headers, identity: object) -> Headers:
            del identity
            return [*headers, header(b"X-Status", b"%d" % status)]

        def lines(self, status: int, headers: Headers) -> bytes:
            return b"".join([line for _, _, line in self.decorate(status, headers, None)])

    head = ResponseHead(404, b"Not Found", [header(b"A", b"b")], 0)
    plain = b"HTTP/1.1 404 Not Found\r\nA: b\r\nContent-Length: 0\r\n"
    layer = Layer()
    for _ in range(2):
        assert head.lines(None) == plain
        assert head.lines(layer) == plain.replace(b"Content", b"X-Status: 404\r\nContent")
