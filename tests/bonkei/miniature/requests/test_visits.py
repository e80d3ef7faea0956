"""What visitors ask for, and how it is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import FixedResponse, HttpRequestMethod, PathPattern, Redirect
from bonkei.miniature.requests.visits import addresses, line, summary, together
from bonkei.services.edge.snapshot import ListenerState
from bonkei.services.faults.drill.latency import bucket
from bonkei.services.faults.drill.report import Second
from tests.bonkei.services.edge.definitions import (
    distribution,
    forward,
    load_balancer,
    rule,
    target_group,
)

FRONT = ListenerState(
    "distribution", "aws_cloudfront_distribution.this", "d", "http://f", "", 1, 0, 0
)
BALANCER = ListenerState("load_balancer", "aws_lb_listener.http", "lb", "http://b", "", 2, 0, 0)
OTHER = ListenerState("load_balancer", "aws_lb_listener.other", "lb", "http://o", "", 3, 0, 0)
SERVICE = ListenerState("service_connect", "aws_ecs_service.api", "api", "http://s", "", 4, 0, 0)


def other(balancer: Any, **changes: Any) -> Any:
    """A second one, which no distribution knows."""
    [listener] = balancer.listeners
    listener = replace(listener, address=OTHER.address, arn="arn:listener/other", **changes)
    return replace(balancer, arn="arn:other", dns_name="other", listeners=(listener,))


def asked(*balancers: Any, front: bool = False, paths: tuple[str, ...] = ()) -> list[str]:
    groups = (
        target_group("web"),
        target_group("grpc", protocol_version="GRPC"),
        target_group("off", health_check=replace(target_group("off").health_check, enabled=False)),
    )
    blueprint = Blueprint(
        distributions=(distribution(),) if front else (), load_balancers=balancers,
        target_groups=groups,
    )  # fmt: skip
    listeners = (BALANCER, OTHER, SERVICE, *([FRONT] if front else []))
    return list(addresses(blueprint, listeners, paths))


@pytest.mark.parametrize(
    ("patterns", "target", "wanted"),
    [
        (("/items/*",), "off", ["/items/"]),
        (("/v?/users/*/posts", "/about"), "off", ["/v1/users/1/posts", "/about"]),
        (("/*",), "off", []),  # it is there already
        (("*", "*.css"), "off", []),  # no example of them is a path
        (("/hea*", "/x"), "web", ["/health", "/x"]),
        (("/v1/*",), "web", ["/v1/"]),  # the check does not come through this rule
        (("/g/*",), "grpc", ["/g/"]),
    ],
)
def test_paths_of_rules(patterns: tuple[str, ...], target: str, wanted: list[str]) -> None:
    balancer = load_balancer(
        rule(1, forward(target), PathPattern(patterns)), default=FixedResponse(404)
    )
    assert asked(balancer) == ["http://b/", *(f"http://b{path}" for path in wanted)]


def test_a_default_targets_check_is_asked_for_and_a_rule_without_get_is_not() -> None:
    posts = rule(1, forward("web"), PathPattern(("/p",)), HttpRequestMethod(("POST",)))
    gets = rule(2, forward("web"), PathPattern(("/g",)), HttpRequestMethod(("GET", "HEAD")))
    assert asked(load_balancer(posts, gets)) == ["http://b/", "http://b/g", "http://b/health"]


def test_visitors_come_through_the_distribution_and_to_what_is_behind_none() -> None:
    first = load_balancer()
    assert asked(first, front=True) == ["http://f/", "http://f/health"]
    assert asked(first, other(first), front=True, paths=("/a",)) == ["http://f/a", "http://o/a"]
    assert asked(first, other(first, default_action=Redirect(301)), paths=("/",)) == ["http://b/"]
    assert asked(first, replace(other(first), internal=True), paths=("/",)) == ["http://b/"]
    assert asked(load_balancer(internal=True), paths=("/",)) == ["http://b/"]
    assert asked() == []


def test_counts_of_several_seconds() -> None:
    one = Second(0, 3, {"200": 2, "404": 1}, {"404": 1}, {bucket(8): 2})
    two = Second(1, 2, {"201": 1}, {"no connection": 1}, {bucket(20): 1})
    total = together(together(Second(0, 0), one), two)
    found = summary(total)
    assert total.number == 1
    assert found["sent"] == 5
    assert found["answers"] == {"200": 2, "404": 1, "201": 1}
    assert found["unanswered"] == {"no connection": 1}
    assert found["median_ms"] == pytest.approx(8, rel=0.03)
    assert found["p95_ms"] == pytest.approx(20, rel=0.03)
    assert line(found) == "5 sent: 2xx 3, 4xx 1, no connection 1; median 8 ms, p95 20 ms"
    assert line(summary(Second(0, 0))) == "0 sent"
