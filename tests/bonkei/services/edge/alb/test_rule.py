"""Conditions of listener rules, as "Condition types for listener rules" (User Guide for Application
Load Balancers) describes them."""

from __future__ import annotations

import pytest

from bonkei.blueprint.elbv2 import (
    Condition,
    HostHeader,
    HttpHeader,
    HttpRequestMethod,
    PathPattern,
    QueryString,
    SourceIp,
)
from bonkei.services.edge.alb.rule import compile_condition, every
from bonkei.services.edge.http.message import Request


def request(
    target: str = "/", method: str = "GET", client: str = "127.0.0.1", **fields: str
) -> Request:
    path, _, query = target.partition("?")
    values = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    return Request(
        method.encode(), target.encode(), path.encode(), query.encode(), b"1.1", [], values,
        client.encode(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "asked", "holds"),
    [
        (PathPattern(("/api/*", "/x")), request("/api/v1?x=1"), True),
        (PathPattern(("/api/*",)), request("/API/v1"), False),
        (PathPattern(("*q=1",)), request("/x?q=1"), False),  # the path only, not the query
        (HostHeader(("*.example.com",)), request(host="WWW.Example.com:8080"), True),
        (HostHeader(("*.example.com",)), request(host="example.com"), False),
        (HostHeader(("[::1]",)), request(host="[::1]:80"), True),
        (HttpHeader("User-Agent", ("*Chrome*",)), request(user_agent="x chrome y"), True),
        (HttpHeader("User-Agent", ("*Chrome*",)), request(), False),
        (HttpRequestMethod(("GET", "HEAD")), request(), True),
        (HttpRequestMethod(("get",)), request(), False),  # "case-sensitive"
        (QueryString((("version", "v1"), ("", "*example*"))), request("/?version=V1"), True),
        (QueryString((("version", "v1"), ("", "*example*"))), request("/?a=an-example"), True),
        (QueryString((("version", "v1"),)), request("/?version=v2&x=v1"), False),
        (SourceIp(("127.0.0.0/8", "2001:db8::/32")), request(), True),
        (SourceIp(("10.0.0.0/8",)), request(), False),
        (SourceIp(("2001:db8::/32",)), request(client="2001:db8::1"), True),
    ],
)
def test_one_condition(condition: Condition, asked: Request, holds: bool) -> None:
    assert compile_condition(condition)(asked) is holds


def test_every_condition_has_to_hold() -> None:
    conditions = (PathPattern(("/a",)), HttpRequestMethod(("GET",)))
    both = every(tuple(map(compile_condition, conditions)))
    assert both(request("/a"))
    assert not both(request("/a", method="POST"))
    assert not both(request("/b"))
