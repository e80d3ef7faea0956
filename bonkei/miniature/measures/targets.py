"""Hosts, connections and web ACLs, from the edge's own counters.

"CloudWatch metrics for your Application Load Balancer",
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"AWS WAF core metrics and dimensions",
https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.miniature.measures.traffic import (
    balancer_dimensions,
    balancer_name,
    group_name,
    groups_of_balancers,
)
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.edge.snapshot import EdgeSnapshot

NAMES = frozenset(
    {
        *(
            ("AWS/ApplicationELB", name)
            for name in ("ActiveConnectionCount", "HealthyHostCount", "UnHealthyHostCount")
        ),
        *(
            ("AWS/WAFV2", name)
            for name in ("AllowedRequests", "BlockedRequests", "CountedRequests")
        ),
    }
)
_ALL = "ALL"
_DEFAULT = "Default_Action"


def measure_hosts(blueprint: Blueprint, edge: EdgeSnapshot, now: float) -> Iterator[Datum]:
    """The hosts of every target group that has targets, or had a task to register. Zero hosts are
    reported, too."""
    balancers = groups_of_balancers(blueprint)
    for group in edge.target_groups:
        balancer = balancers.get(group.arn)
        if balancer is None:
            continue
        dimensions = balancer_dimensions(balancer, group_name(group.arn))
        states = [target.state for target in group.targets]
        for name, state in (("HealthyHostCount", "healthy"), ("UnHealthyHostCount", "unhealthy")):
            metric = metric_id("AWS/ApplicationELB", name, dimensions)
            yield datum(metric, now, float(states.count(state)), "Count")
    names = {
        listener.address: balancer_name(one.arn)
        for one in blueprint.load_balancers
        for listener in one.listeners
    }
    for listener in edge.listeners:
        balancer = names.get(listener.address)
        if balancer is not None and listener.connections:
            metric = metric_id(
                "AWS/ApplicationELB", "ActiveConnectionCount", balancer_dimensions(balancer)
            )
            yield datum(metric, now, float(listener.connections), "Count")


class Firewalls:
    """Remembers the counters of the last minute."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str, str], int] = {}

    def minute(self, blueprint: Blueprint, edge: EdgeSnapshot, now: float) -> Iterator[Datum]:
        """By rule, and in total. As on AWS, zeros are not reported."""
        known = {acl.arn: acl for acl in blueprint.web_acls}
        for state in edge.web_acls:
            acl = known.get(state.arn)
            name = (acl.metric_name if acl else "") or state.name
            rules = {rule.name: rule.metric_name or rule.name for rule in acl.rules} if acl else {}
            where = (
                {} if acl and acl.scope == "CLOUDFRONT" else {"Region": Arn.of(state.arn).region}
            )
            total = {"AllowedRequests": 0, "BlockedRequests": 0, "CountedRequests": 0}
            for rule in state.rules:
                counts = {
                    "AllowedRequests": rule.allowed,
                    "BlockedRequests": rule.blocked,
                    "CountedRequests": rule.counted,
                }
                for metric, count in counts.items():
                    more = self._since(state.arn, rule.name, metric, count)
                    total[metric] += more
                    called = rules.get(rule.name, rule.name)
                    if rule.name == _DEFAULT:
                        called = name  # the default action counts under the ACL's own name
                    yield from _counted(metric, where, name, called, more, now)
            for metric, more in total.items():
                yield from _counted(metric, where, name, _ALL, more, now)

    def _since(self, acl: str, rule: str, metric: str, count: int) -> int:
        key = (acl, rule, metric)
        before = self._before.get(key, 0)
        self._before[key] = count
        return count - before if count >= before else count  # counters start again


def _counted(
    metric: str, where: dict[str, str], acl: str, rule: str, count: int, now: float
) -> Iterator[Datum]:
    if count:
        dimensions = {**where, "Rule": rule, "WebACL": acl}
        values = ((1.0, float(count)),)
        yield Datum(metric_id("AWS/WAFV2", metric, dimensions), now, values, unit="Count")
