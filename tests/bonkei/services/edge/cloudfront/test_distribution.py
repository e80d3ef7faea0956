"""CloudFront over real sockets: behaviors, the request to the origin, the cache, errors."""

from __future__ import annotations

import asyncio
from typing import Any

from bonkei.blueprint.cloudfront import (
    Origin,
    OriginRequestPolicy,
    ResponseHeader,
    Selection,
)
from bonkei.blueprint.wafv2 import ByteMatch, FieldToMatch, WafAction, WafRule, WebAcl
from tests.bonkei.services.edge.definitions import behavior, distribution, stack
from tests.bonkei.services.edge.distributions import cached, cloudfront, get
from tests.bonkei.services.edge.support import Message, ok, running, serving

# Behaviors.


async def test_the_first_behavior_whose_pattern_matches_is_used() -> None:
    """ "Path pattern": in the order of the list, case-sensitive, the path normalized first."""
    blueprint = cloudfront(
        behavior("/admin*", allowed_methods=("GET", "HEAD")),
        behavior("static/*.css", allowed_methods=("HEAD", "GET")),
        behavior("*"),
    )
    async with serving(blueprint) as (edge, web):
        assert (await get(edge, "/admin", method="POST", body=b"")).status == 403
        assert (await get(edge, "/x/../%61dmin/y", method="POST", body=b"")).status == 403
        assert (await get(edge, "/static/a/b.css", method="POST", body=b"")).status == 403
        assert (await get(edge, "/Admin", method="POST", body=b"")).status == 200
        assert web.requests[-1].target == "/Admin"


async def test_a_method_that_is_not_allowed() -> None:
    async with running(cloudfront(behavior(allowed_methods=("GET", "HEAD")))) as edge:
        refused = await get(edge, "/", method="DELETE")
        assert (refused.status, refused.get("Server")) == (403, "CloudFront")
        assert refused.get("X-Cache") == "Error from cloudfront"
        assert b"not configured to allow the HTTP request method" in refused.body


async def test_a_get_with_a_body() -> None:
    """ "If a viewer GET request includes a body, CloudFront returns an HTTP status code 403"."""
    async with running(cloudfront()) as edge:
        assert (await get(edge, "/", body=b"x")).status == 403


async def test_a_request_that_is_too_long() -> None:
    """ "Quotas": a URL of 8,192 bytes, a request of 32,768; 413, and the connection is closed."""
    async with serving(cloudfront()) as (edge, _):
        assert (await get(edge, "/" + "a" * 8191)).status == 200
        async with edge.client("distribution") as client:
            assert (await client.request("/" + "a" * 8192)).status == 413
            assert await client.closed() == b""
        assert (await get(edge, "/", *[("X", "y" * 9000)] * 4)).status == 413


async def test_the_default_root_object() -> None:
    async with serving(cloudfront(default_root_object="index.html")) as (edge, web):
        await get(edge, "/?a=1")
        await get(edge, "/sub/")
        assert [each.target for each in web.requests] == ["/index.html?a=1", "/sub/"]


# The request to the origin.


async def test_without_policies_the_origin_gets_little() -> None:
    """The table "HTTP request headers and CloudFront behavior"."""
    async with serving(cloudfront(behavior(origin_request=None))) as (edge, web):
        await get(
            edge, "/?a=1", ("Accept", "text/html"), ("Cookie", "a=b"), ("X-Mine", "1"),
            ("Authorization", "Basic x"), ("Referer", "y"), ("If-None-Match", '"e"'),
            ("Cache-Control", "no-cache"), ("X-Forwarded-For", "192.0.2.1"),
            ("X-Edge-Thing", "1"), ("CloudFront-Viewer-Country", "JP"),
        )  # fmt: skip
        seen = web.requests[0]
        assert seen.target == "/"
        for gone in ("Accept", "Cookie", "X-Mine", "Authorization", "Referer", "X-Edge-Thing",
                     "CloudFront-Viewer-Country"):  # fmt: skip
            assert seen.get(gone) is None, gone
        assert seen.get("Host") == "lb.elb.amazonaws.com"
        assert seen.get("User-Agent") == "Amazon CloudFront"
        assert seen.get("If-None-Match") == '"e"'
        assert seen.get("Cache-Control") == "no-cache"
        assert seen.get("X-Forwarded-For") == "192.0.2.1, 127.0.0.1, 127.0.0.1"
        assert seen.get("Via") == "1.1 d1.cloudfront.net (CloudFront)"
        assert seen.get("X-Amz-Cf-Id")


async def test_authorization_is_kept_for_methods_that_change() -> None:
    async with serving(cloudfront(behavior(origin_request=None))) as (edge, web):
        auth = ("Authorization", "Bearer x")
        await get(edge, "/", auth, ("Content-Type", "a/b"), method="POST", body=b"abc")
        assert web.requests[0].get("Authorization") == "Bearer x"
        assert web.requests[0].get("Content-Type") == "a/b"
        assert web.requests[0].body == b"abc"


async def test_all_viewer_headers() -> None:
    async with serving(cloudfront()) as (edge, web):
        await get(
            edge, "/?a=1&b", ("Accept", "x"), ("Cookie", "a=b"), ("X-Mine", "1"),
            ("User-Agent", "me"), ("Authorization", "y"), ("X-Real-IP", "6.6.6.6"),
        )  # fmt: skip
        seen = web.requests[0]
        assert seen.target == "/?a=1&b"
        expected = {"Accept": "x", "Cookie": "a=b", "X-Mine": "1", "User-Agent": "me",
                    "Authorization": "y", "Host": "site.example", "X-Real-IP": None}  # fmt: skip
        assert {name: seen.get(name) for name in expected} == expected


async def test_selected_headers_cookies_and_queries() -> None:
    policy = OriginRequestPolicy(
        "some", Selection("whitelist", ("X-One",)), Selection("whitelist", ("s",)),
        Selection("allExcept", ("secret",)),
    )  # fmt: skip
    async with serving(cloudfront(behavior(origin_request=policy))) as (edge, web):
        await get(edge, "/?a=1&secret=2", ("X-One", "1"), ("X-Two", "2"), ("Cookie", "t=1; s=2"))
        seen = web.requests[0]
        assert (seen.target, seen.get("X-One"), seen.get("X-Two")) == ("/?a=1", "1", None)
        assert seen.get("Cookie") == "s=2"


async def test_the_origin_path_is_put_in_front() -> None:
    origin = Origin("alb", "lb.elb.amazonaws.com", "/base", (("X-Origin-Verify", "x"),))
    blueprint = stack(distributions=(distribution(origins=(origin,)),), web_acls=())
    async with serving(blueprint) as (edge, web):
        await get(edge, "/a?b")
        assert web.requests[0].target == "/base/a?b"


async def test_an_origin_that_is_not_simulated_is_reported() -> None:
    origin = Origin("alb", "bucket.s3.amazonaws.com")
    async with running(cloudfront(origins=(origin,))) as edge:
        answer = await get(edge, "/")
        assert (answer.status, answer.get("Server")) == (502, "CloudFront")
        assert b"not simulated" in answer.body
        reasons = [each.reason for each in edge.edge.snapshot().not_simulated]
        assert any("bucket.s3.amazonaws.com" in reason for reason in reasons)


# The response.


async def test_the_response_headers_policy() -> None:
    """Override replaces the origin's value. Without override, the origin's value stays.
    Set-Cookie is removed where no cookies are forwarded.
    """
    made = behavior(
        origin_request=None,
        response_headers=(
            ResponseHeader("Strict-Transport-Security", "max-age=1", True),
            ResponseHeader("X-Frame-Options", "DENY", False),
            ResponseHeader("Referrer-Policy", "no-referrer", False),
        ),
        removed_headers=("X-Powered-By",),
    )
    reply = ok(
        b"x", ("Strict-Transport-Security", "max-age=9"), ("X-Frame-Options", "SAMEORIGIN"),
        ("X-Powered-By", "php"), ("Set-Cookie", "a=b"), ("Server", "mine"),
        ("Vary", "Accept-Encoding, X-Other, Cookie"),
    )  # fmt: skip
    async with serving(cloudfront(made), reply) as (edge, _):
        seen = await get(edge, "/")
        assert seen.all("Strict-Transport-Security") == ["max-age=1"]
        assert seen.all("X-Frame-Options") == ["SAMEORIGIN"]
        assert seen.all("Referrer-Policy") == ["no-referrer"]
        assert seen.get("X-Powered-By") is None
        assert seen.get("Set-Cookie") is None
        assert seen.get("Server") == "mine"
        assert seen.get("Vary") == "Accept-Encoding, Cookie"


# A web ACL of its own, and time.


async def test_a_distributions_web_acl_comes_before_the_cache() -> None:
    path = ByteMatch(FieldToMatch("uri_path"), b"/evil", "STARTS_WITH")
    acl = WebAcl(
        "acl", "arn:cf-acl", "acl", "CLOUDFRONT", WafAction("allow"),
        (WafRule("evil", 1, WafAction("block"), path),),
    )  # fmt: skip
    blueprint = stack(
        web_acls=(*stack().web_acls, acl),
        distributions=(distribution(cached(), web_acl_arn="arn:cf-acl"),),
    )
    async with serving(blueprint) as (edge, _):
        refused = await get(edge, "/evil")
        assert (refused.status, refused.get("Server")) == (403, "CloudFront")
        assert b"Request blocked." in refused.body
        assert (await get(edge, "/good")).status == 200


async def test_a_body_is_inspected_before_it_is_passed_on() -> None:
    body = ByteMatch(FieldToMatch("body"), b"evil", "CONTAINS")
    acl = WebAcl(
        "acl", "arn:cf-acl", "acl", "CLOUDFRONT", WafAction("allow"),
        (WafRule("evil", 1, WafAction("block"), body),),
    )  # fmt: skip
    blueprint = stack(
        web_acls=(*stack().web_acls, acl), distributions=(distribution(web_acl_arn="arn:cf-acl"),)
    )
    async with serving(blueprint) as (edge, web):
        for data, status in ((b"an evil!", 403), (b"an angel", 200)):
            async with edge.client("distribution") as client:
                client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n" + data[:4])
                await asyncio.sleep(0.05)
                assert web.requests == []
                client.send(data[4:])
                assert (await client.receive()).status == status
        assert [each.body for each in web.requests] == [b"an angel"]


async def test_a_silent_origin_gets_a_504_from_cloudfront() -> None:
    async def silent(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(600)

    origin = Origin(
        "alb", "lb.elb.amazonaws.com", headers=(("X-Origin-Verify", "s3cret-header-value"),),
        read_timeout=0.3,
    )  # fmt: skip
    async with serving(cloudfront(origins=(origin,)), silent) as (edge, _):
        answer = await get(edge, "/")
        assert (answer.status, answer.get("X-Cache")) == (504, "Error from cloudfront")
        assert answer.get("Server") == "CloudFront"


async def test_a_refusal_of_the_load_balancer_becomes_an_error_of_cloudfront() -> None:
    async with running(cloudfront()) as edge:
        answer = await get(edge, "/")
        assert (answer.status, answer.get("Server")) == (503, "awselb/2.0")
        assert answer.get("X-Cache") == "Error from cloudfront"


async def test_https_policies_are_reported_as_taken_for_granted() -> None:
    async with running(cloudfront(behavior(viewer_protocol_policy="https-only"))) as edge:
        reasons = [each.reason for each in edge.edge.snapshot().not_simulated]
        assert any("https-only" in reason for reason in reasons)
