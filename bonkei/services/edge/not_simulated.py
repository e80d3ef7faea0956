"""Features in the definitions that the edge does not simulate, each with the reason.

Here are only those that depend on more than one argument. For single arguments the blueprint has a
table (`bonkei/blueprint/data/coverage.toml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.ecs import Service
from bonkei.services.edge.cloudfront.origin_headers import ADDED_BY_CLOUDFRONT
from bonkei.services.edge.origin import origin_listener
from bonkei.services.edge.settings import EdgeSettings
from bonkei.services.edge.waf.web_acl import CompiledWebAcl


def not_simulated(
    blueprint: Blueprint, settings: EdgeSettings, web_acls: Iterable[CompiledWebAcl]
) -> Iterator[NotSimulated]:
    """By layer, from the viewer inwards."""
    for distribution in blueprint.distributions:
        if distribution.enabled:
            yield from _origins(blueprint, distribution)
            yield from _ranges(distribution)
            yield from _viewer_protocol(distribution)
            yield from _headers(distribution)
    for acl in web_acls:
        yield from _rules(acl)
    for service in blueprint.services:
        yield from _endpoints(service, blueprint, settings)


def _origins(blueprint: Blueprint, distribution: Distribution) -> Iterator[NotSimulated]:
    for origin in distribution.origins:
        if not origin.bucket and origin_listener(blueprint, distribution, origin) is None:
            yield NotSimulated(
                "aws_cloudfront_distribution.origin",
                f"{origin.domain_name} is neither a bucket nor a load balancer of these "
                "definitions with a listener at the origin's port: its requests get a 502",
                address=distribution.address,
            )


def _ranges(distribution: Distribution) -> Iterator[NotSimulated]:
    """ "How CloudFront processes partial requests for an object (range GETs)" (Amazon CloudFront
    Developer Guide)."""
    if any(
        each.cache.max_ttl > 0 and "GET" in each.cached_methods for each in distribution.behaviors
    ):
        yield NotSimulated(
            "aws_cloudfront_distribution.*_cache_behavior.cache_policy_id",
            "a part of an object (206) is not cached: only a whole one answers range requests",
            address=distribution.address,
        )


def _viewer_protocol(distribution: Distribution) -> Iterator[NotSimulated]:
    policies = {each.viewer_protocol_policy for each in distribution.behaviors} - {"allow-all"}
    if policies:
        listed = ", ".join(sorted(policies))
        yield NotSimulated(
            "aws_cloudfront_distribution.viewer_protocol_policy",
            f"TLS: on loopback the viewer protocol policy {listed} is taken as met",
            address=distribution.address,
        )


def _headers(distribution: Distribution) -> Iterator[NotSimulated]:
    """CloudFront's own headers that a policy asks for and the edge does not add."""
    asked: set[str] = set()
    for behavior in distribution.behaviors:
        for policy in (behavior.cache, behavior.origin_request):
            if policy is not None and policy.headers.behavior == "whitelist":
                asked |= {name.lower() for name in policy.headers.names}
    own = {name for name in asked if name.startswith("cloudfront-")}
    for name in sorted(own - ADDED_BY_CLOUDFRONT):
        yield NotSimulated(
            "aws_cloudfront_distribution.header",
            f"CloudFront does not add {name} here",
            address=distribution.address,
        )


def _rules(acl: CompiledWebAcl) -> Iterator[NotSimulated]:
    """Rules with the same reason are listed together."""
    rules: dict[str, list[str]] = {}
    for rule, reason in acl.not_simulated:
        rules.setdefault(reason, []).append(rule)
    for reason, names in rules.items():
        unique = list(dict.fromkeys(names))
        named = f"rule{'s' * (len(unique) > 1)} {', '.join(unique)}"
        yield NotSimulated("aws_wafv2_web_acl.rule", f"{named}: {reason}", len(unique), acl.address)


def _endpoints(
    service: Service, blueprint: Blueprint, settings: EdgeSettings
) -> Iterator[NotSimulated]:
    for endpoint in blueprint.endpoints(service):
        if endpoint.dns_name not in settings.service_addresses:
            yield NotSimulated(
                "aws_ecs_service.service_connect_configuration",
                f"no loopback address was given for {endpoint.dns_name}",
                address=service.address,
            )
