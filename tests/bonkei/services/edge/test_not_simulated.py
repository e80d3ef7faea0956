"""`bonkei status` lists parts of the edge that are not simulated: only declared parts, each
once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import CachePolicy, Origin, OriginRequestPolicy, Selection
from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.wafv2 import FieldToMatch, RateBased, RegexMatch, WafAction, WafRule
from bonkei.services.edge.not_simulated import not_simulated
from bonkei.services.edge.settings import EdgeSettings
from bonkei.services.edge.waf.web_acl import CompiledWebAcl
from tests.bonkei.services.edge.definitions import (
    balancer_only,
    behavior,
    distribution,
    header_acl,
    stack,
)
from tests.bonkei.services.edge.support import serving

CACHED = CachePolicy("cached", 0, 5, 60)


def every(blueprint: Blueprint) -> list[NotSimulated]:
    acls = [CompiledWebAcl(acl) for acl in blueprint.web_acls]
    return list(not_simulated(blueprint, EdgeSettings(), acls))


def named(blueprint: Blueprint) -> list[NotSimulated]:
    """All reasons except TLS, which each of these distributions requires."""
    return [each for each in every(blueprint) if "viewer_protocol_policy" not in each.kind]


def test_tls_counts_as_met() -> None:
    (tls,) = every(stack())
    assert "redirect-to-https is taken as met" in tls.reason
    plain = distribution(behavior(viewer_protocol_policy="allow-all"))
    assert every(stack(distributions=(plain,))) == []


def test_a_header_that_cloudfront_adds() -> None:
    names = ("CloudFront-Forwarded-Proto", "CloudFront-Viewer-Country", "Accept-Language")
    policy = OriginRequestPolicy("own", headers=Selection("whitelist", names))
    (country,) = named(stack(distributions=(distribution(behavior(origin_request=policy)),)))
    assert "cloudfront-viewer-country" in country.reason


def test_simulated_parts_are_not_listed() -> None:
    assert named(stack()) == []


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"cache": CACHED}, True),
        ({"cache": CACHED, "cached_methods": ("HEAD", "OPTIONS")}, False),
        ({}, False),
    ],
)
def test_range_requests_to_cached_behaviors(changes: dict[str, Any], asked: bool) -> None:
    made = distribution(behavior("/a", **changes), behavior("/b", **changes), behavior())
    found = named(stack(distributions=(made,)))
    assert [(each.address, "206" in each.reason) for each in found] == (
        [("aws_cloudfront_distribution.this", True)] if asked else []
    )
    assert named(stack(distributions=(replace(made, enabled=False),))) == []


def test_an_origin_that_leads_nowhere() -> None:
    made = distribution(origins=(Origin("alb", "bucket.s3.amazonaws.com"),))
    (missing,) = named(stack(distributions=(made,)))
    assert missing.kind == "aws_cloudfront_distribution.origin"
    assert "bucket.s3.amazonaws.com" in missing.reason


def test_rules_with_the_same_reason_are_listed_together() -> None:
    limits = tuple(
        WafRule(name, priority, WafAction("block"), RateBased(100, 300, "IP"))
        for priority, name in enumerate(("login", "api", "all"))
    )
    broken = WafRule("broken", 9, WafAction("block"), RegexMatch(FieldToMatch("uri_path"), "("))
    acl = replace(header_acl(), rules=(*limits, broken))
    rates, regex = named(stack(web_acls=(acl,)))
    assert (rates.kind, rates.count) == ("aws_wafv2_web_acl.rule", 3)
    assert rates.address == "aws_wafv2_web_acl.this"
    assert rates.reason.startswith("rules login, api, all: the limit holds at once")
    assert regex.reason.startswith("rule broken: ")


@pytest.mark.parametrize("header", ["Content-Length: 2", "Content_Length: 2\r\nContent-Length: 2"])
async def test_requests_that_the_strictest_desync_mitigation_mode_would_refuse(header: str) -> None:
    """`UndefinedContentLengthSemantics` and `SuspiciousHeader` ("Classification reasons", Access
    logs for your Application Load Balancer). The blueprint lists the strictest mode where it is
    declared.
    """
    async with serving(balancer_only()) as (edge, web):
        async with edge.client() as client:
            client.send(f"GET / HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\nab".encode())
            assert (await client.receive()).status == 200
        assert web.requests[0].body == b"ab"
