"""The listener behind an origin."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Origin
from bonkei.blueprint.elbv2 import Listener
from bonkei.services.edge.origin import first_listener, origin_listener
from tests.bonkei.services.edge.definitions import behavior, distribution, forward, load_balancer

HTTP = Listener("http", "arn:http", 80, "HTTP", forward("web"))
HTTPS = Listener("https", "arn:https", 443, "HTTPS", forward("web"))
OTHER = Listener("other", "arn:other", 8080, "HTTP", forward("web"))


def blueprint(*listeners: Listener, origins: Any = (), **changes: Any) -> Blueprint:
    return Blueprint(
        distributions=tuple(origins),
        load_balancers=(load_balancer(listeners=listeners, **changes),),
    )


def leads_to(origin: Origin, policy: str = "redirect-to-https") -> str | None:
    made = distribution(behavior(viewer_protocol_policy=policy), origins=(origin,))
    found = origin_listener(
        blueprint(HTTP, HTTPS, OTHER, aliases=("origin.example.com",)), made, origin
    )
    return found.address if found else None


@pytest.mark.parametrize(
    ("origin", "address"),
    [
        (Origin("alb", "lb.elb.amazonaws.com"), "http"),
        (Origin("alb", "LB.elb.amazonaws.com"), "http"),
        (Origin("alb", "origin.example.com"), "http"),  # a DNS record of the load balancer
        (Origin("alb", "bucket.s3.amazonaws.com"), None),
        (Origin("alb", "lb.elb.amazonaws.com", protocol_policy="https-only"), "https"),
        (Origin("alb", "lb.elb.amazonaws.com", http_port=8080), "other"),
        (Origin("alb", "lb.elb.amazonaws.com", http_port=8081), None),
    ],
)
def test_by_name_and_port(origin: Origin, address: str | None) -> None:
    assert leads_to(origin) == address


@pytest.mark.parametrize(
    ("policy", "address"),
    [("allow-all", "http"), ("https-only", "https"), ("redirect-to-https", "https")],
)
def test_match_viewer_follows_the_behaviors(policy: str, address: str) -> None:
    """ "CloudFront communicates with your origin using HTTP or HTTPS, depending on the protocol of
    the viewer request" (Distribution settings: Protocol)."""
    origin = Origin("alb", "lb.elb.amazonaws.com", protocol_policy="match-viewer")
    assert leads_to(origin, policy) == address


def test_the_default_behaviors_listener_comes_first() -> None:
    origins = (
        Origin("alb", "lb.elb.amazonaws.com", protocol_policy="https-only"),
        Origin("other", "lb.elb.amazonaws.com", http_port=8080),
    )
    made = distribution(behavior("/x", origin_id="other"), behavior(), origins=origins)
    assert first_listener(blueprint(HTTP, HTTPS, OTHER, origins=[made])) is HTTPS
    assert first_listener(blueprint(HTTP, OTHER, origins=[made])) is OTHER
    assert first_listener(blueprint(HTTP, origins=[made])) is HTTP
    assert first_listener(blueprint(HTTP, HTTPS)) is HTTP
    assert first_listener(blueprint()) is None
