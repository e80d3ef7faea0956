"""Requests whose headers differ in some values share what is prepared. Nothing else may change."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import OriginRequestPolicy, Selection
from bonkei.blueprint.elbv2 import FixedResponse, HttpHeader
from bonkei.blueprint.wafv2 import ByteMatch, FieldToMatch, WafAction, WafRule, WebAcl
from bonkei.services.edge.client.access import Row
from bonkei.services.edge.http.message import HeaderBlock
from bonkei.services.edge.http.plain_head import PlainRequests
from bonkei.services.edge.settings import Limits
from tests.bonkei.services.edge.definitions import (
    balancer_only,
    behavior,
    distribution,
    load_balancer,
    rule,
    stack,
)
from tests.bonkei.services.edge.distributions import cloudfront
from tests.bonkei.services.edge.support import ok, serving

FIRST = 1000
NAMES = [
    "Cookie", "Referer", "X-Own", "X_Own", "User-Agent", "Via", "X-Forwarded-For", "X-Real-IP",
    "Accept-Encoding", "X-Amzn-Trace-Id", "X-Amz-Cf-Id", "Authorization", "Range", "TE",
]  # fmt: skip
OF_THE_REQUEST = ("X-Amzn-Trace-Id", "X-Amz-Cf-Id")
SOME_COOKIES = OriginRequestPolicy(
    "p", Selection("whitelist", ("X-Own",)), Selection("whitelist", ("a",)), Selection("none")
)
BLUEPRINTS = {
    "all headers": (stack(), "distribution"),
    "some headers": (cloudfront(behavior(origin_request=SOME_COOKIES)), "distribution"),
    "valid headers": (
        stack(load_balancers=(load_balancer(drop_invalid_header_fields=True),)),
        "distribution",
    ),
    "direct": (balancer_only(), "load_balancer"),
}


def _request(number: int, *names: str) -> bytes:
    lines = [f"{name}: a={number}" for name in names]
    first, *others = lines
    head = ["GET /%d HTTP/1.1" % number, first, "Host: a", *others, "X-Same: s"]  # noqa: UP031
    return "\r\n".join([*head, "", ""]).encode()


@pytest.mark.parametrize("kind", BLUEPRINTS)
@pytest.mark.parametrize("name", NAMES)
async def test_each_request_of_a_shape_reaches_the_target_as_the_first_one(
    name: str, kind: str
) -> None:
    blueprint, listener = BLUEPRINTS[kind]
    async with serving(blueprint) as (edge, web):
        async with edge.client(listener) as client:
            for number in range(FIRST, FIRST + 9):
                client.send(_request(number, name, "X-Other"))
                assert (await client.receive()).status == 200
        first, *others = [
            [
                (each, value.replace(str(FIRST + number), "N"))
                for each, value in message.headers
                if each not in OF_THE_REQUEST
            ]
            for number, message in enumerate(web.requests)
        ]
        assert others == [first] * 8
        assert [each.target for each in web.requests] == [f"/{FIRST + n}" for n in range(9)]
        traces = [each.get("X-Amzn-Trace-Id") for each in web.requests]
        assert len(set(traces)) == 9


def _blocking_bad_cookies() -> Blueprint:
    statement = ByteMatch(FieldToMatch("single_header", "cookie"), b"1007", "CONTAINS")
    block = WafRule("bad", 1, WafAction("block"), statement)
    allow = WebAcl("b", "arn:b", "b", "REGIONAL", WafAction("allow"), (block,), ("arn:lb",))
    return stack(web_acls=(allow,))


def _blocking_at_cloudfront() -> Blueprint:
    statement = ByteMatch(FieldToMatch("single_header", "cookie"), b"1007", "CONTAINS")
    block = WafRule("bad", 1, WafAction("block"), statement)
    acl = WebAcl("w", "arn:w", "w", "CLOUDFRONT", WafAction("allow"), (block,), ())
    made = stack(distributions=(distribution(web_acl_arn="arn:w"),))
    return replace(made, web_acls=(*made.web_acls, acl))


def _answering_bad_cookies() -> Blueprint:
    teapot = FixedResponse(403, "text/plain", "no")
    ruled = rule(1, teapot, HttpHeader("Cookie", ("*1007*",)))
    return stack(load_balancers=(load_balancer(ruled),))


@pytest.mark.parametrize(
    "blueprint", [_blocking_bad_cookies(), _blocking_at_cloudfront(), _answering_bad_cookies()]
)
async def test_rules_look_at_each_request_of_a_shape(blueprint: Blueprint) -> None:
    rows: list[Row] = []
    async with serving(blueprint, on_access=rows.extend) as (edge, web):
        statuses = []
        async with edge.client("distribution") as client:
            for number in range(FIRST, FIRST + 10):
                client.send(_request(number, "Cookie"))
                statuses.append((await client.receive()).status)
        assert statuses == [200] * 7 + [403] + [200] * 2
        assert len(web.requests) == 9
    assert [row[0].sample.status for row in rows] == statuses


async def test_records_of_a_shape_have_their_own_headers() -> None:
    rows: list[Row] = []
    async with (
        serving(stack(), ok(), on_access=rows.extend) as (edge, _),
        edge.client("distribution") as client,
    ):
        for number in range(FIRST, FIRST + 9):
            client.send(_request(number, "Cookie"))
            await client.receive()
    expected = [b"a=%d" % number for number in range(FIRST, FIRST + 9)]

    def cookies(every: Any) -> list[bytes]:
        return [value for headers in every for name, value, _ in headers if name == b"cookie"]

    assert cookies(row[3] for row in rows) == expected
    assert cookies(row[4][0][1] for row in rows) == expected
    assert len({row[0] for row in rows}) == 1


def test_host_user_agent_and_headers_about_the_message_are_of_no_shape() -> None:
    for name in (b"Host", b"User-Agent", b"Connection", b"Content-Length", b"Expect"):
        plain = PlainRequests(Limits())
        for number in range(4):
            lines = b"Accept: a\r\n%b: %d\r\n" % (name, number)
            if name != b"Host":
                lines += b"Host: a\r\n"
            read = plain.read(lines + b"\r\n", b"GET", b"")
            assert read is None or read[2] is None
        assert not plain._shapes


def test_a_shape_belongs_to_a_method_a_client_and_the_other_values() -> None:
    plain, numbers = PlainRequests(Limits()), count()

    def shape(*of: bytes, accept: bytes = b"a") -> HeaderBlock | None:
        number = next(numbers)
        lines = b"Host: a\r\nAccept: %b\r\nCookie: %d\r\n\r\n" % (accept, number)
        read = plain.read(lines, *of)
        assert read is not None
        assert read[1] == {b"host": b"a", b"accept": accept, b"cookie": b"%d" % number}
        return read[2]

    each = ((b"GET", b"a"), (b"GET", b"b"), (b"HEAD", b"a"))
    for of in (*each, *each, *each):
        shape(*of)
    shapes = [shape(*of) for of in each]
    assert None not in shapes
    assert len({id(one) for one in shapes}) == 3
    assert shape(*each[0]) is shapes[0]
    other = [shape(*each[0], accept=b"b") for _ in range(5)][-1]
    assert other is not None
    assert other not in shapes


def test_the_number_of_shapes_is_bounded() -> None:
    plain = PlainRequests(Limits())
    for number in range(500):
        for value in range(4):
            lines = b"Host: a\r\nX-%d: %d\r\n\r\n" % (number, value)
            assert plain.read(lines, b"GET", b"") is not None
        assert 0 < len(plain._shapes) <= 64
