"""The blueprint that is measured: one distribution, one header ACL, two target groups."""

from __future__ import annotations

from dataclasses import replace

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
from bonkei.blueprint.logs.access_log import AccessLog, WafLog, WafLogFilter
from bonkei.blueprint.wafv2 import ByteMatch, FieldToMatch, WafAction, WafRule, WebAcl

_BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/lb/1"
_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/acl/1"
_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")


def blueprint(secret: str) -> Blueprint:
    """/api/* to `api`, everything else to `web`; /cached/* is kept by CloudFront."""
    return Blueprint(
        distributions=(_distribution(secret),),
        web_acls=(_web_acl(secret),),
        load_balancers=(_load_balancer(),),
        target_groups=tuple(
            TargetGroup(name, f"arn:tg/{name}", name, 80, "HTTP", TargetHealthCheck(path="/"))
            for name in ("api", "web")
        ),
    )


def with_logs(measured: Blueprint) -> Blueprint:
    """The same with logs, as in the shipped definitions: the load balancer and the distribution log
    every request, the web ACL the blocked and the counted ones."""
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs"
    blocks = WafLogFilter("KEEP", "MEETS_ANY", ("BLOCK", "COUNT"))
    return replace(
        measured,
        access_logs=(
            AccessLog("lb", _BALANCER, "logs", "lb"),
            AccessLog("aws_cloudfront_distribution.this", "arn:cf", "logs", "cdn"),
        ),
        waf_logs=(WafLog("waf", _ACL, (group,), "DROP", (blocks,)),),
    )


def _distribution(secret: str) -> Distribution:
    everything = OriginRequestPolicy("all", Selection("all"), Selection("all"), Selection("all"))

    def behavior(pattern: str, cache: CachePolicy) -> Behavior:
        return Behavior(
            pattern, "alb", "allow-all", _METHODS, ("GET", "HEAD"), True, cache, everything
        )

    return Distribution(
        address="aws_cloudfront_distribution.this",
        arn="arn:cf",
        id="E1",
        domain_name="d1.cloudfront.net",
        enabled=True,
        origins=(Origin("alb", "lb.elb", headers=(("X-Origin-Verify", secret),)),),
        behaviors=(
            behavior("/cached/*", CachePolicy("cached", 0, 60, 86400, gzip=True)),
            behavior("*", CachePolicy("disabled", 0, 0, 0)),
        ),
    )


def _web_acl(secret: str) -> WebAcl:
    header = FieldToMatch("single_header", "x-origin-verify")
    statement = ByteMatch(header, secret.encode(), "EXACTLY")
    rule = WafRule("verify", 1, WafAction("allow"), statement)
    return WebAcl("acl", _ACL, "acl", "REGIONAL", WafAction("block"), (rule,), (_BALANCER,))


def _load_balancer() -> LoadBalancer:
    def forward(name: str) -> Forward:
        return Forward((WeightedTarget(f"arn:tg/{name}"),))

    rule = ListenerRule("rule", "arn:rule", 10, (PathPattern(("/api/*",)),), forward("api"))
    listener = Listener("listener", "arn:listener", 80, "HTTP", forward("web"), (rule,))
    return LoadBalancer("lb", _BALANCER, "lb", "lb.elb", (listener,))
