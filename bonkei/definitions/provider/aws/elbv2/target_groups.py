"""Elastic Load Balancing: target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import first, same_shape
from bonkei.definitions.provider.aws.shared.checks import (
    Check,
    at,
    between,
    either,
    lacks,
    length,
    matches,
    one_of,
)
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given


def _target_group(mint: Mint) -> Mapping[str, Value]:
    name = mint.name(prefix="tf-")[:32]
    suffix = f"targetgroup/{name}/{mint.random(16)}"
    identifier = mint.arn("elasticloadbalancing", suffix)
    http = mint.given("protocol") in ("HTTP", "HTTPS")
    version = mint.given("protocol_version") or ("HTTP1" if http else "")
    return {
        "id": identifier,
        "arn": identifier,
        "arn_suffix": suffix,
        "name": name,
        "protocol_version": version,
        "ip_address_type": "ipv4",
        "load_balancing_algorithm_type": "round_robin" if http else None,
        "load_balancing_anomaly_mitigation": "off" if http else None,
        "load_balancing_cross_zone_enabled": "use_load_balancer_configuration",
        "connection_termination": None,
        "preserve_client_ip": None,
        "health_check": same_shape(
            mint.planned.get("health_check"),
            lambda _index, check: _health_check(check, version),
        ),
    }


def _health_check(check: Mapping[str, Value], version: str) -> Mapping[str, Value]:
    protocol = check.get("protocol") if given(check.get("protocol")) else "HTTP"
    if protocol == "TCP":
        return {"path": "", "matcher": "", "timeout": 10}
    grpc = version == "GRPC"
    return {
        "path": "/AWS.ALB/healthcheck" if grpc else "/",
        "matcher": "12" if grpc else "200",
        "timeout": 5,
    }


def _target_group_fits(config: Object) -> Iterator[Problem]:
    kind = config.get("target_type")
    kind = "instance" if kind is None else kind
    if not given(kind):
        return
    if kind == "lambda":
        return  # has no port, protocol or VPC; the provider omits these arguments
    for name in ("port", "protocol", "vpc_id"):
        if config.get(name) is None:
            detail = f'A target group of type "{kind}" needs "{name}".'
            yield Problem((), "Missing argument", detail)


def _health_check_times(config: Object) -> Iterator[Problem]:
    """The time-out is shorter than the interval. A TCP check has no path and no matcher."""
    block = config.get("health_check")
    check = first(block)
    interval, timeout = check.get("interval"), check.get("timeout")
    interval = 30 if interval is None else interval
    at_block = ("health_check", 0) if isinstance(block, list) else ("health_check",)
    if given(interval) and given(timeout) and float(timeout or 0) >= float(interval or 30):
        detail = f"timeout ({timeout} s) must be below interval ({interval} s)."
        yield Problem((*at_block, "timeout"), "Invalid health check", detail)
    if check.get("protocol") == "TCP":
        for name in ("path", "matcher"):
            if given(check.get(name)):
                detail = f'A health check over TCP has no "{name}".'
                yield Problem((*at_block, name), "Conflicting arguments", detail)


def _of_http(config: Object) -> Iterator[Problem]:
    """What an Application Load Balancer's target groups do not have: "Edit target group attributes
    for your Application Load Balancer"."""
    if config.get("protocol") not in ("HTTP", "HTTPS"):
        return
    if first(config.get("stickiness")).get("type") == "source_ip":
        detail = "source_ip is for network load balancers; here it is lb_cookie or app_cookie."
        yield Problem(("stickiness", 0, "type"), "Invalid stickiness", detail)
    algorithm, start = config.get("load_balancing_algorithm_type"), config.get("slow_start")
    if given(algorithm) and algorithm not in (None, "round_robin") and given(start) and start:
        detail = f'A target group with the algorithm "{algorithm}" has no slow start.'
        yield Problem(("slow_start",), "Conflicting arguments", detail)


def _codes(value: Value) -> str | None:
    """`200`, `200,302`, `200-299`."""
    for part in str(value).split(","):
        ends = part.split("-")
        if len(ends) > 2 or not all(end.isdigit() for end in ends):
            return f'"{value}" is not a list of codes, such as 200, 200,302 or 200-299.'
        if len(ends) == 2 and int(ends[0]) > int(ends[1]):
            return f'The range "{part}" goes downwards.'
    return None


def _seconds(low: int, high: int) -> Check:
    """The number is a string in the schema."""

    def check(value: Value) -> str | None:
        if value == "":
            return None
        if not str(value).isdigit() or not low <= int(value) <= high:
            return f"Expected a number of seconds from {low} to {high}, got {value}."
        return None

    return check


_TARGET_GROUP = resource(
    _target_group,
    at(
        "name",
        length(1, 32),
        matches(r"[0-9A-Za-z-]+", "letters, digits and hyphens"),
        lacks("^-|-$", "begin or end with a hyphen"),
    ),
    at("name_prefix", length(1, 6), matches(r"[0-9A-Za-z-]+", "letters, digits and hyphens")),
    at("deregistration_delay", _seconds(0, 3600)),
    at("slow_start", either(between(30, 900), one_of(0))),
    at("health_check.path", length(1, 1024), matches("/.*", "a path that begins with /")),
    at("health_check.port", matches(r"traffic-port|[1-9]\d{0,4}", "a port or traffic-port")),
    at("health_check.protocol", one_of("HTTP", "HTTPS", "TCP", ignore_case=True)),
    at("health_check.matcher", _codes),
    _target_group_fits,
    _health_check_times,
    _of_http,
    arguments={
        "deregistration_delay": "300",
    },
)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_lb_target_group": _TARGET_GROUP,
    "aws_alb_target_group": _TARGET_GROUP,
    "aws_lb_target_group_attachment": resource(
        lambda mint: {"id": f"{mint.given('target_group_arn')}-{mint.serial()}"},
        at("target_group_arn", arn("elasticloadbalancing", resource="targetgroup/")),
        at("port", between(1, 65535)),
    ),
}
