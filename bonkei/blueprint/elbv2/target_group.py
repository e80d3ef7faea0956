"""aws_lb_target_group."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.coverage import Gaps
from bonkei.blueprint.elbv2 import TargetGroup, TargetHealthCheck
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block

_HTTP = ("HTTP", "HTTPS")


def read_target_groups(state: State, gaps: Gaps) -> tuple[TargetGroup, ...]:
    """Every target group that an Application Load Balancer can send requests to."""
    return tuple(_target_groups(state, gaps))


def _target_groups(state: State, gaps: Gaps) -> Iterator[TargetGroup]:
    for block in state.managed("aws_lb_target_group", "aws_alb_target_group"):
        target_type = block.text("target_type", "instance")
        if target_type in ("lambda", "alb"):
            gaps.resource(block, f"targets of type {target_type}")
        elif block.text("protocol") not in _HTTP:
            gaps.resource(block, f"protocol {block.text('protocol')}: only HTTP and HTTPS run here")
        else:
            yield _target_group(block)


def _target_group(block: Resource) -> TargetGroup:
    version = block.text("protocol_version", "HTTP1")
    health_check = block.block("health_check") or Block(block.address, {}, "health_check")
    stickiness = block.block("stickiness")
    sticky = stickiness is not None and stickiness.flag("enabled", True)
    return block.read(
        TargetGroup,
        health_check=_health_check(health_check, version),
        protocol_version=version,
        algorithm=block.text("load_balancing_algorithm_type", "round_robin"),
        stickiness=stickiness.integer("cookie_duration", 86400) if stickiness and sticky else 0,
    )


def _health_check(block: Block, version: str) -> TargetHealthCheck:
    """Defaults: "Health checks for Application Load Balancer target groups",
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """
    grpc = version == "GRPC"
    return block.read(
        TargetHealthCheck,
        path=block.text("path", "") or ("/AWS.ALB/healthcheck" if grpc else "/"),
        port=block.text("port", "") or "traffic-port",
        matcher=block.text("matcher", "") or ("12" if grpc else "200"),
    )
