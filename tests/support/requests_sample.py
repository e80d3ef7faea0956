"""Finished requests of a small architecture, as the edge records them."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.elbv2 import (
    Forward,
    Listener,
    ListenerRule,
    LoadBalancer,
    WeightedTarget,
)
from bonkei.blueprint.logs.access_log import AccessLog, WafLog, WafLogFilter
from bonkei.blueprint.logs.log_delivery import LogDelivery
from bonkei.blueprint.wafv2 import NotSimulatedStatement, RateBased, WafAction, WafRule, WebAcl
from bonkei.services.edge import AccessRecord
from bonkei.services.edge.http.firewall import Verdict
from bonkei.services.edge.http.message import header
from bonkei.services.logs.delivery.requests.deliveries import Means, RequestDeliveries
from bonkei.services.logs.delivery.requests.request import Finished
from bonkei.services.logs.delivery.requests.target import Deliverer
from bonkei.services.logs.store.limits import InputEvent

ACCOUNT, REGION = "123456789012", "eu-west-1"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
DISTRIBUTION = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
GROUP, RULE = "arn:group", "arn:rule"
ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/guard/1"
RULE_GROUP = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/rulegroup/common/2"
LABEL = f"awswaf:{ACCOUNT}:webacl:guard:odd"
WAF_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-guard"
NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z
HEADERS = (
    header(b"Host", b"site.example:8080"),
    header(b"User-Agent", b'curl/8 "x"'),
    header(b"Referer", b"https://example.org/"),
    header(b"Cookie", b"session=opensesame"),
    header(b"X-Forwarded-For", b"10.1.1.1"),
)
ALLOWED = Verdict(ACL, "with-header", False)
BY_DISTRIBUTION = AccessRecord(
    "aws_cloudfront_distribution.site", "192.0.2.1", 4711, "GET", "/a?b=c", "site.example:8080",
    'curl/8 "x"', 200, 3, 21, 0.25, GROUP, "task", RULE, "Root=1-58337262-36d228ad5d99923122bbe354",
    "Miss", headers=HEADERS, inspections=((ALLOWED, list(HEADERS)),), connection=5,
    edge_id="cf-id==",
)  # fmt: skip
BLOCKED = BY_DISTRIBUTION._replace(
    status=403, target_group_arn="", task_id="", rule="", blocked_by="no-header", trace_id="",
    inspections=((Verdict(ACL, "no-header", True, ("odd",), (LABEL,)), list(HEADERS)),),
)  # fmt: skip
BLOCKS = WafLogFilter("KEEP", "MEETS_ANY", ("BLOCK",))


def _rule(name: str, kind: Any, **more: Any) -> WafRule:
    return WafRule(name, 1, WafAction(kind), NotSimulatedStatement("x"), **more)


RULES = (
    _rule("no-header", "block"),
    _rule("with-header", "allow"),
    _rule("odd", "count", labels=(LABEL,)),
    _rule("common/bad", "block", group=RULE_GROUP),
    _rule("common/seen", "count", group=RULE_GROUP),
    WafRule("rate", 2, WafAction("block"), RateBased(100, 120, "IP")),
)


def architecture(
    *filters: WafLogFilter,
    default: str = "DROP",
    destinations: tuple[str, ...] = (WAF_GROUP,),
    redacted: tuple[tuple[str, str], ...] = (),
    deliveries: tuple[LogDelivery, ...] = (),
    connections: bool = False,
) -> Blueprint:
    rule = ListenerRule("r", RULE, 7, (), Forward((WeightedTarget(GROUP),)))
    listener = Listener(
        "aws_lb_listener.web", "arn:l", 80, "HTTP", Forward((WeightedTarget("arn:other"),)), (rule,)
    )
    distribution = Distribution(
        "aws_cloudfront_distribution.site", DISTRIBUTION, "E1", "d1.cloudfront.net", True, (), ()
    )
    acl = WebAcl("acl", ACL, "guard", "REGIONAL", WafAction("block"), RULES, (BALANCER,))
    connection_log = AccessLog("aws_lb.web", BALANCER, "logs", "connections")
    return Blueprint(
        distributions=(distribution,),
        load_balancers=(LoadBalancer("aws_lb.web", BALANCER, "web", "web.elb", (listener,)),),
        web_acls=(acl,),
        access_logs=(
            AccessLog("aws_lb.web", BALANCER, "logs", "load-balancer"),
            AccessLog("aws_cloudfront_distribution.site", DISTRIBUTION, "logs", "cdn/"),
        ),
        connection_logs=(connection_log,) if connections else (),
        waf_logs=(WafLog("w", ACL, destinations, default, filters, redacted),),
        log_deliveries=deliveries,
    )


class Buckets:
    """The objects, and who put them there."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.by: set[Deliverer] = set()
        self.events: list[tuple[str, str, str]] = []
        self.shown = 0
        self.refusal = ""
        self.said: list[str] = []

    async def put(self, bucket: str, key: str, content: bytes, by: Deliverer) -> str:
        self.by.add(by)
        if not self.refusal:
            self.objects[f"{bucket}/{key}"] = content
        return self.refusal

    def put_events(self, group: str, stream: str, events: Sequence[InputEvent]) -> None:
        self.events += [(group, stream, text) for _, text in events]

    def show(self, requests: Sequence[Finished], more: int) -> None:
        self.shown += len(requests) + more

    def lines(self, part: str) -> list[str]:
        [found] = [content for key, content in self.objects.items() if part in key]
        return gzip.decompress(found).decode().splitlines()

    def deliveries(self, wanted: Blueprint, *, are_there: bool = True) -> RequestDeliveries:
        means = Means(
            self.put, self.put_events, {"task": "10.0.0.1:80"}, self.show, self.said.append, 30
        )
        deliveries = RequestDeliveries(ACCOUNT, means)
        deliveries.follow(wanted)
        if are_there:
            deliveries.open()
        return deliveries
