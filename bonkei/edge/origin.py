"""The listener behind a distribution's origin."""

from __future__ import annotations

from bonkei.blueprint import Blueprint
from bonkei.blueprint.distribution import Distribution, Origin
from bonkei.blueprint.load_balancer import Listener


def origin_listener(
    blueprint: Blueprint, distribution: Distribution, origin: Origin
) -> Listener | None:
    """The listener at the origin's name and port; None where no load balancer has one."""
    name = origin.domain_name.lower()
    port = origin.https_port if _by_https(distribution, origin) else origin.http_port
    for balancer in blueprint.load_balancers:
        if name == balancer.dns_name.lower() or name in balancer.aliases:
            for listener in balancer.listeners:
                if listener.port == port:
                    return listener
    return None


def _by_https(distribution: Distribution, origin: Origin) -> bool:
    """Whether the origin is reached by HTTPS. `match-viewer` means as the viewers connect: by HTTPS
    where a behavior insists on it."""
    if origin.protocol_policy != "match-viewer":
        return origin.protocol_policy == "https-only"
    policies = [
        behavior.viewer_protocol_policy
        for behavior in distribution.behaviors
        if behavior.origin_id == origin.id
    ]
    return bool(policies) and "allow-all" not in policies


def first_listener(blueprint: Blueprint) -> Listener | None:
    """The listener behind a distribution's default behavior, else the first listener."""
    for distribution in blueprint.distributions:
        origins = {origin.id: origin for origin in distribution.origins}
        for behavior in reversed(distribution.behaviors):
            origin = origins.get(behavior.origin_id)
            found = origin_listener(blueprint, distribution, origin) if origin else None
            if found is not None:
                return found
    listeners = (each for balancer in blueprint.load_balancers for each in balancer.listeners)
    return next(listeners, None)
