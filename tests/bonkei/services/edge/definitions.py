"""A distribution before a load balancer with its targets, as a blueprint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import (
    Behavior,
    CachePolicy,
    Distribution,
    Origin,
    OriginRequestPolicy,
    Selection,
)
from bonkei.blueprint.elbv2 import (
    Forward,
    Listener,
    ListenerRule,
    LoadBalancer,
    PathPattern,
    TargetGroup,
    TargetHealthCheck,
    WeightedTarget,
)
from bonkei.blueprint.wafv2 import ByteMatch, FieldToMatch, WafAction, WafRule, WebAcl

SECRET = "s3cret-header-value"
ALL_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
DISABLED = CachePolicy("disabled", 0, 0, 0)
ALL_VIEWER = OriginRequestPolicy("all", Selection("all"), Selection("all"), Selection("all"))


def target_group(name: str, **changes: Any) -> TargetGroup:
    check = TargetHealthCheck(path="/health", interval=0.3, timeout=5.0, healthy_threshold=2)
    group = TargetGroup(
        f"aws_lb_target_group.{name}", f"arn:tg/{name}", name, 8000, "HTTP", check,
        deregistration_delay=30.0,
    )  # fmt: skip
    return replace(group, **changes)


def forward(*names: str) -> Forward:
    return Forward(tuple(WeightedTarget(f"arn:tg/{name}") for name in names))


def rule(priority: int, action: Any, *conditions: Any) -> ListenerRule:
    return ListenerRule(f"rule.{priority}", f"arn:rule/{priority}", priority, conditions, action)


def load_balancer(*rules: ListenerRule, default: Any = None, **changes: Any) -> LoadBalancer:
    listener = Listener(
        "aws_lb_listener.http", "arn:listener/http", 80, "HTTP", default or forward("web"), rules
    )
    balancer = LoadBalancer(
        "aws_lb.this", "arn:lb", "lb", "lb.elb.amazonaws.com", (listener,), idle_timeout=20.0
    )
    return replace(balancer, **changes)


def behavior(pattern: str = "*", **changes: Any) -> Behavior:
    made = Behavior(
        pattern, "alb", "redirect-to-https", ALL_METHODS, ("GET", "HEAD"), False, DISABLED,
        ALL_VIEWER,
    )  # fmt: skip
    return replace(made, **changes)


def distribution(*behaviors: Behavior, **changes: Any) -> Distribution:
    origin = Origin("alb", "lb.elb.amazonaws.com", headers=(("X-Origin-Verify", SECRET),))
    made = Distribution(
        "aws_cloudfront_distribution.this", "arn:cf", "E1", "d1.cloudfront.net", True, (origin,),
        behaviors or (behavior(),),
    )  # fmt: skip
    return replace(made, **changes)


def header_acl(value: str = SECRET) -> WebAcl:
    """The ACL of such a system: only requests with CloudFront's header may pass."""
    statement = ByteMatch(
        FieldToMatch("single_header", "x-origin-verify"), value.encode(), "EXACTLY"
    )
    return WebAcl(
        "aws_wafv2_web_acl.this", "arn:acl", "acl", "REGIONAL", WafAction("block"),
        (WafRule("verify", 1, WafAction("allow"), statement),), ("arn:lb",),
    )  # fmt: skip


def stack(**changes: Any) -> Blueprint:
    """CloudFront, the header's ACL, and a load balancer: /api/* goes to `api`, the rest to
    `web`.
    """
    api = rule(10, forward("api"), PathPattern(("/api/*",)))
    blueprint = Blueprint(
        distributions=(distribution(),),
        web_acls=(header_acl(),),
        load_balancers=(load_balancer(api),),
        target_groups=(target_group("api"), target_group("web")),
    )
    return replace(blueprint, **changes)


def balancer_only(*rules: ListenerRule, default: Any = None, **changes: Any) -> Blueprint:
    """A load balancer with the target group `web`, without CloudFront."""
    made = Blueprint(
        load_balancers=(load_balancer(*rules, default=default),),
        target_groups=(target_group("web"),),
    )
    return replace(made, **changes)


def balancer(blueprint: Blueprint | None = None, **changes: Any) -> Blueprint:
    """A blueprint whose load balancer has other attributes."""
    blueprint = blueprint or balancer_only()
    return replace(blueprint, load_balancers=(replace(blueprint.load_balancers[0], **changes),))
