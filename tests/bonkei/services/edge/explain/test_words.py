"""What an explanation says: every alternative with its reason, and no secret."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bonkei.blueprint.elbv2 import FixedResponse, HttpRequestMethod, PathPattern
from bonkei.blueprint.wafv2 import (
    And,
    ByteMatch,
    FieldToMatch,
    IpSetMatch,
    Not,
    NotSimulatedStatement,
    RateBased,
    Statement,
    WafAction,
    WafRule,
    WebAcl,
)
from bonkei.services.edge.explain import Explanation, Step
from tests.bonkei.services.edge.definitions import (
    SECRET,
    balancer_only,
    forward,
    rule,
    stack,
    target_group,
)
from tests.bonkei.services.edge.distributions import CACHED, cached, cloudfront
from tests.bonkei.services.edge.support import Running, ok, running, serving


def explained(
    edge: Running, target: str, *headers: str, kind: str = "load_balancer"
) -> Explanation:
    head = "\r\n".join([f"GET {target} HTTP/1.1", "Host: site.example", *headers, "", ""])
    return edge.edge.explain(edge.port(kind), head.encode())


def step(told: Explanation, name: str) -> Step:
    return next(each for each in told.steps if each.name == name)


async def test_each_rule_says_what_it_lacks_and_those_behind_are_not_asked() -> None:
    rules = (
        rule(1, forward("web"), PathPattern(("/a/*",)), HttpRequestMethod(("POST",))),
        rule(2, FixedResponse(410), PathPattern(("/a/*",))),
        rule(3, forward("web"), PathPattern(("/a/b",))),
    )
    async with running(balancer_only(*rules)) as edge:
        told = explained(edge, "/a/b")
        default = explained(edge, "/")
    considered = step(told, "rule").considered
    assert [(each.name, each.outcome) for each in considered] == [
        ("rule 1", "passed over"), ("rule 2", "chosen"), ("rule 3", "not asked"),
    ]  # fmt: skip
    assert considered[0].why == "not so: the method is POST (it is GET)"
    assert considered[1].place.address == "rule.2"
    assert (told.expected.by, told.expected.status) == ("load_balancer", 410)
    assert step(default, "rule").text == "no rule matches: the default action"
    assert (step(default, "target").text, default.expected.status) == (
        "no target is registered: the answer is 503", 503,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "outcome", "why"),
    [
        (IpSetMatch(("10.0.0.0/8",)), "passed over", "(it is 127.0.0.1)"),
        (Not(IpSetMatch(("10.0.0.0/8",))), "chosen", "not: not so: the client's address is in"),
        (ByteMatch(FieldToMatch("uri_path"), b"..", "CONTAINS"), "chosen", 'contains ".."'),
        (
            And((ByteMatch(FieldToMatch("method"), b"GET", "EXACTLY"),
                 ByteMatch(FieldToMatch("single_header", "x-key"), b"k3y", "EXACTLY"))),
            "passed over", "not so: the header x-key is •••• (it is missing)",
        ),
        (NotSimulatedStatement("geo_match_statement"), "not evaluated", "only AWS can evaluate it"),
        (
            RateBased(1, 300, "IP", ByteMatch(FieldToMatch("uri_path"), b"/b", "EXACTLY")),
            "passed over", "out of scope: not so: the path is",
        ),
    ],
)  # fmt: skip
async def test_a_web_acl_says_which_part_decided(
    statement: Statement, outcome: str, why: str
) -> None:
    acl = WebAcl(
        "aws_wafv2_web_acl.a", "arn:acl", "a", "REGIONAL", WafAction("allow"),
        (WafRule("one", 1, WafAction("block"), statement),), ("arn:lb",),
    )  # fmt: skip
    async with running(balancer_only(web_acls=(acl,))) as edge:
        (one,) = step(explained(edge, "/a/.."), "web_acl").considered
    assert (one.name, one.outcome, one.place.text) == ("one", outcome, "one")
    assert why in one.why


async def test_a_rate_is_foreseen_and_not_counted() -> None:
    acl = WebAcl(
        "acl", "arn:acl", "a", "REGIONAL", WafAction("allow"),
        (WafRule("rate", 1, WafAction("block"), RateBased(2, 300, "IP")),), ("arn:lb",),
    )  # fmt: skip
    async with serving(balancer_only(web_acls=(acl,))) as (edge, _):
        for expected in (0, 0, 403):
            for _ in range(5):
                assert explained(edge, "/").expected.status == expected
            assert (await edge.get("/")).status == (expected or 200)


async def test_the_cache_key_has_what_the_policy_takes_and_no_secret() -> None:
    policy = replace(
        CACHED, cookies=replace(CACHED.cookies, behavior="all"),
        query_strings=replace(CACHED.query_strings, behavior="all"),
    )  # fmt: skip
    reply = ok(b"x", ("Cache-Control", "max-age=60"))
    async with serving(cloudfront(cached(policy=policy)), reply) as (edge, _):
        headers = ("Cookie: session=s3ss10n; lang=ja", "Authorization: Bearer t0ken")
        target = "/a?q=1&api_key=h1dden"
        told = explained(edge, target, *headers, kind="distribution")
        assert step(told, "cache").text == "a miss"
        await edge.get(target, ("Cookie", "session=s3ss10n; lang=ja"), kind="distribution")
        again = explained(edge, target, *headers, kind="distribution")
    values = dict(step(told, "cache_key").values)
    assert values["query"] == "q=1&api_key=••••"
    assert values["cookies"] == "session, lang"
    assert (again.expected.by, again.expected.status) == ("cache", 200)
    for secret in (SECRET, "s3ss10n", "h1dden", "t0ken"):
        assert secret not in repr(told.steps)


async def test_an_obstacle_of_the_network_is_named() -> None:
    async with serving(stack()) as (edge, _):
        pool = edge.edge._registry.pools["arn:tg/web"]
        pool.obstacle = "sg-1 lets nothing in at port 8000"
        told = explained(edge, "/", f"X-Origin-Verify: {SECRET}")
        served = await edge.get("/", ("X-Origin-Verify", SECRET))
    assert (told.expected.by, told.expected.status, served.status) == ("network", 504, 504)
    assert "sg-1 lets nothing in at port 8000" in step(told, "target").text


async def test_the_next_target_is_the_first_of_those_that_can_be_chosen() -> None:
    sick = replace(target_group("web"), algorithm="weighted_random")
    async with serving(balancer_only(target_groups=(sick,))) as (edge, web):
        await edge.join("web", web, "task-2")
        told = explained(edge, "/")
    assert told.expected.is_chance
    assert set(told.expected.targets) == {"task-1", "task-2"}
    assert step(told, "target").text == "chance decides among 2 (weighted_random)"


async def test_the_target_with_the_fewest_requests_is_not_called_the_only_one() -> None:
    busy, ends = asyncio.Event(), asyncio.Event()

    async def slow(_: object, __: object, writer: asyncio.StreamWriter) -> None:
        busy.set()
        await ends.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    group = replace(target_group("web"), algorithm="least_outstanding_requests")
    async with serving(balancer_only(target_groups=(group,)), slow) as (edge, web):
        alone = explained(edge, "/")
        await edge.join("web", web, "task-2")
        request = asyncio.create_task(edge.get("/"))
        await busy.wait()
        told = explained(edge, "/")
        ends.set()
        await request
    assert step(alone, "target").text == "task-1: the only one"
    assert step(told, "target").text.endswith("has the fewest requests in flight of 2")
