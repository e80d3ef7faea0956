"""A known head is not parsed again. Nothing else may change because of it."""

from __future__ import annotations

import asyncio
import itertools
import re
from contextlib import AsyncExitStack
from dataclasses import replace

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint.cloudfront import OriginRequestPolicy, Selection
from bonkei.blueprint.wafv2 import (
    ByteMatch,
    FieldToMatch,
    RateBased,
    WafAction,
    WafRule,
    WebAcl,
)
from bonkei.services.edge.client.known_request import REQUEST_LINE, KnownRequest, KnownRequests
from bonkei.services.edge.cloudfront.viewer_response import request_id
from bonkei.services.edge.http.exchange import Prepared
from bonkei.services.edge.http.head import make_request
from bonkei.services.edge.http.ids import ids
from bonkei.services.edge.http.message import HeaderBlock, Headers, Request, header
from bonkei.services.edge.http.response_head import KnownHeads, ResponseHead
from tests.bonkei.services.edge.definitions import balancer_only, behavior, distribution, stack
from tests.bonkei.services.edge.distributions import cached, cloudfront, get
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


async def test_each_target_behind_known_headers_is_decided_by_itself() -> None:
    """As behind headers that never came before: the behavior, the cache, the default root object,
    the limit of a URL."""
    blueprint = cloudfront(cached("/kept/*"), behavior(), default_root_object="index.html")
    targets = (
        b"/x", b"/y?", b"/y?b=1&a", b"/", b"/?a", b"/kept/", b"/z/../kept/", b"/%6Bept/", b"/v",
        b"/" + b"v" * 8192, b"/w",
    )  # fmt: skip
    async with serving(blueprint) as (edge, web):
        async with edge.client("distribution") as client:
            for target in (b"/a", b"/a", b"/b", b"/kept/a"):
                client.send(b"GET " + target + b" HTTP/1.1\r\n" + BLOCK)
                assert (await client.receive()).status == 200
        for number, target in enumerate(targets):
            seen = []
            for block in (BLOCK, BLOCK[:-2] + b"X-New: %d\r\n\r\n" % number):
                before = len(web.requests)
                async with edge.client("distribution") as client:
                    client.send(b"GET " + target + b" HTTP/1.1\r\n" + block)
                    answer = await client.receive()
                asked = [each.target for each in web.requests[before:]]
                seen.append((answer.status, answer.get("X-Cache"), asked))
            if b"ept/" in target:
                assert seen[1][1:] == ("Hit from cloudfront", []), target
            else:
                assert seen[0] == seen[1], target
        assert "/index.html?a" in [each.target for each in web.requests]


@pytest.mark.parametrize("path", ["", "/app"])
@pytest.mark.parametrize("query", ["all", "none", "whitelist"])
async def test_requests_with_one_block_that_are_in_flight_together_keep_their_targets(
    path: str, query: str
) -> None:
    """They share one request to the origin. An origin's path and a query that is not passed on
    change the target; a web ACL of the distribution looks at the viewer's."""
    names = ("a",) if query == "whitelist" else ()
    policy = OriginRequestPolicy("p", Selection("all"), Selection("all"), Selection(query, names))
    origin = replace(distribution().origins[0], path=path)
    statement = ByteMatch(FieldToMatch("query_string"), b"x", "CONTAINS")
    rule = WafRule("no-x", 1, WafAction("block"), statement)
    acl = WebAcl("w", "arn:w", "w", "CLOUDFRONT", WafAction("allow"), (rule,), ())
    blueprint = cloudfront(behavior(origin_request=policy), origins=(origin,), web_acl_arn="arn:w")
    blueprint = replace(blueprint, web_acls=(*blueprint.web_acls, acl))
    waiting = asyncio.Event()

    async def slowly(
        message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await waiting.wait()
        await ok(message.target.encode())(message, reader, writer)

    passed_on = {"all": "?a={}&b=1", "none": "", "whitelist": "?a={}"}[query]
    expected = [f"{path}/{number}{passed_on.format(number)}" for number in range(8)]
    async with serving(blueprint, slowly) as (edge, web), AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(edge.client("distribution")) for _ in expected]
        for number, client in enumerate(clients):
            client.send(b"GET /%d?a=%d&b=1 HTTP/1.1\r\n" % (number, number) + BLOCK)
            while len(web.requests) <= number:
                await asyncio.sleep(0.01)
        blocked = await get(edge, "/1?x")
        waiting.set()
        assert [(await each.receive()).body.decode() for each in clients] == expected
        assert blocked.status == 403
        clients[0].send(b"GET /1?x HTTP/1.1\r\n" + BLOCK)
        assert (await clients[0].receive()).status == 403
        clients[0].send(b"GET /1?y HTTP/1.1\r\n" + BLOCK)
        assert (await clients[0].receive()).status == 200


@pytest.mark.parametrize(
    "line",
    [
        b"GET /a b HTTP/1.1", b"GET /\0 HTTP/1.1", b"GET /a#b HTTP/1.1", b"GET a HTTP/1.1",
        b"TRACE / HTTP/1.1", b"GET / HTTP/2.0", b"GET / HTTP/1.1 ", b"GET\t/ HTTP/1.1",
        b"GET /\x7f HTTP/1.1", b"get / HTTP/1.1", b" GET / HTTP/1.1", b"GET /\xff HTTP/1.2",
    ],
)  # fmt: skip
async def test_a_known_header_block_does_not_admit_a_bad_request_line(line: bytes) -> None:
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
def test_heads_that_are_not_remembered(data: bytes) -> None:
    known = KnownRequests(8192)
    names = [line.partition(b":")[0].lower() for line in data.split(b"\r\n")[1:] if line]
    for _ in range(3):
        assert known.find(data, Deaf(), b"127.0.0.1") is None
        known.learn(known.missed, [HOST], dict.fromkeys(names, b""), 10)


def test_ids_do_not_come_again() -> None:
    every = list(itertools.islice(ids(7, b"a-", b"=="), 10_000))
    assert len(set(every)) == 10_000
    assert all(re.fullmatch(rb"a-[0-9a-f]{7}==", each) for each in every)


def test_ids_count_on_from_one_sheet_to_the_next_and_from_the_last_to_the_first() -> None:
    last = 16**5 - 1
    every = itertools.islice(ids(7, first_sheet=last), 16**2 + 2)
    assert [int(each, 16) for each in every] == [*range(16**7 - 16**2, 16**7), 0, 1]


def test_a_request_id_and_its_line_are_about_the_same_request() -> None:
    every = [request_id() for _ in range(1_000)]
    assert len({value for _, value, _ in every}) == 1_000
    assert all(each == header(b"X-Amz-Cf-Id", each[1]) for each in every)
    assert all(re.fullmatch(rb"[0-9A-Za-z_-]{54}==", value) for _, value, _ in every)


class Deaf:
    """A handler that does nothing."""

    body_needed = 0

    def prepare(self, request: Request) -> Prepared:
        del request
        return lambda exchange: None


def test_known_heads_are_bounded_and_belong_to_one_handler_and_client() -> None:
    known = KnownRequests(longest_target=100)
    handler = Deaf()

    def find(number: int, client: bytes = b"a", by: Deaf = handler) -> KnownRequest | None:
        return known.find(b"GET / HTTP/1.1\r\nHost: %d\r\n\r\n" % number, by, client)

    for number in range(1000):
        for _ in range(2):  # one time is not enough
            assert find(number) is None
            known.learn(known.missed, [], {}, 10)
        # The headers are known, the request is not yet known.
        assert find(number) is not find(number)
        assert find(number) is find(number)
        assert find(number) is not find(number, client=b"b")
        assert find(number) is not find(number, by=Deaf())
    kept = [number for number in range(1000) if find(number)]
    assert 0 < len(kept) <= 256
    data = b"GET /%b HTTP/1.1\r\nHost: %d\r\n\r\n" % (b"x" * 100, kept[0])
    assert known.find(data, handler, b"a") is None
    block = HeaderBlock([], {})
    for number in range(1000):
        assert block.keep(number, number) == number
    assert len(block.derived) <= 16


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


@pytest.mark.parametrize(
    ("key", "known"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", True),
        (b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 4096 + b"\r\nContent-Length: 3\r\n\r\n", False),
    ],
)
def test_which_responses_are_remembered(key: bytes, known: bool) -> None:
    heads, head = KnownHeads(), ResponseHead(200, b"OK", [], 3)
    heads.remember(key, head)
    assert heads.get(key) is None
    heads.remember(key, head)
    assert heads.get(key) is (head if known else None)


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
