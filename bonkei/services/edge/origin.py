"""The listener behind a distribution's origin."""

from __future__ import annotations

from bonkei.analysis.network.origins import origin_balancer
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Distribution, Origin
from bonkei.blueprint.elbv2 import Listener


def origin_listener(
    blueprint: Blueprint, distribution: Distribution, origin: Origin
) -> Listener | None:
    """The listener at the origin's name and port; None if no load balancer has one."""
    found = origin_balancer(blueprint, distribution, origin)
    return found[1] if found else None


def first_listener(blueprint: Blueprint) -> Listener | None:
    """The listener behind a distribution's default behavior, or the first listener."""
    for distribution in blueprint.distributions:
        origins = {origin.id: origin for origin in distribution.origins}
        for behavior in reversed(distribution.behaviors):
            origin = origins.get(behavior.origin_id)
            found = origin_listener(blueprint, distribution, origin) if origin else None
            if found is not None:
                return found
    listeners = (each for balancer in blueprint.load_balancers for each in balancer.listeners)
    return next(listeners, None)
