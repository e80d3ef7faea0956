"""The way from a distribution to its origins."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.analysis.network.ways import obstacle_to_balancer
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Distribution, Origin
from bonkei.blueprint.elbv2 import Listener, LoadBalancer


def closed_origins(blueprint: Blueprint, distribution: Distribution) -> Mapping[str, str]:
    """Id of an origin -> why CloudFront does not reach the load balancer behind it."""
    closed: dict[str, str] = {}
    for origin in distribution.origins:
        found = origin_balancer(blueprint, distribution, origin)
        if found is not None:
            balancer, listener = found
            why = obstacle_to_balancer(blueprint, balancer, origin, listener.port)
            if why:
                closed[origin.id] = why
    return closed


def origin_balancer(
    blueprint: Blueprint, distribution: Distribution, origin: Origin
) -> tuple[LoadBalancer, Listener] | None:
    """The load balancer with the origin's name and port, or None."""
    name = origin.domain_name.lower()
    port = origin.https_port if _by_https(distribution, origin) else origin.http_port
    for balancer in blueprint.load_balancers:
        if name == balancer.dns_name.lower() or name in balancer.aliases:
            for listener in balancer.listeners:
                if listener.port == port:
                    return balancer, listener
    return None


def _by_https(distribution: Distribution, origin: Origin) -> bool:
    """Whether CloudFront connects to the origin over HTTPS. With `match-viewer`, it does if no
    behavior for the origin allows HTTP from viewers."""
    if origin.protocol_policy != "match-viewer":
        return origin.protocol_policy == "https-only"
    policies = [
        behavior.viewer_protocol_policy
        for behavior in distribution.behaviors
        if behavior.origin_id == origin.id
    ]
    return bool(policies) and "allow-all" not in policies
