"""Requests, as load balancers and distributions count them.

"CloudWatch metrics for your Application Load Balancer",
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"View CloudFront and edge function metrics",
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.blueprint import Blueprint
from bonkei.edge.client.access import AccessRecord
from bonkei.monitor.metric.bucket import Bucket
from bonkei.monitor.metric.model import Datum, datum, metric_id

NAMES = frozenset(
    {
        *(
            ("AWS/ApplicationELB", name)
            for name in (
                "HTTPCode_ELB_3XX_Count",
                "HTTPCode_ELB_4XX_Count",
                "HTTPCode_ELB_500_Count",
                "HTTPCode_ELB_502_Count",
                "HTTPCode_ELB_503_Count",
                "HTTPCode_ELB_504_Count",
                "HTTPCode_ELB_5XX_Count",
                "HTTPCode_Target_2XX_Count",
                "HTTPCode_Target_3XX_Count",
                "HTTPCode_Target_4XX_Count",
                "HTTPCode_Target_5XX_Count",
                "ProcessedBytes",
                "RequestCount",
                "TargetResponseTime",
            )
        ),
        *(
            ("AWS/CloudFront", name)
            for name in (
                "4xxErrorRate",
                "5xxErrorRate",
                "BytesDownloaded",
                "BytesUploaded",
                "Requests",
                "TotalErrorRate",
            )
        ),
    }
)
_BY_ITSELF = (502, 504)
"""What a balancer answers in a target's stead, even after it has chosen one."""


@dataclass(slots=True)
class _Seen:
    requests: int = 0
    downloaded: int = 0
    uploaded: int = 0
    client_errors: int = 0
    server_errors: int = 0


class Traffic:
    """Takes every finished request, and gives a minute's metrics of them."""

    def __init__(self) -> None:
        self._balancers: dict[str, str] = {}  # ELB's name of a listener's, by its address
        self._distributions: dict[str, str] = {}  # ids, by address
        self._of_groups: dict[str, str] = {}  # ELB's name of a target group's balancer
        self._only = ""
        self._counts: dict[tuple[str, str, str], int] = defaultdict(int)
        self._times: dict[tuple[str, str], Bucket] = defaultdict(Bucket)
        self._seen: dict[str, _Seen] = defaultdict(_Seen)

    def follow(self, blueprint: Blueprint) -> None:
        """Whose names mean what."""
        names = {one.address: balancer_name(one.arn) for one in blueprint.load_balancers}
        self._balancers = {
            listener.address: names[one.address]
            for one in blueprint.load_balancers
            for listener in one.listeners
        }
        self._of_groups = groups_of_balancers(blueprint)
        self._only = next(iter(names.values()), "") if len(names) == 1 else ""
        self._distributions = {one.address: one.id for one in blueprint.distributions}

    def seen(self, record: AccessRecord) -> None:
        """One request. It may have passed a distribution, a balancer, or both."""
        distribution = self._distributions.get(record.listener)
        if distribution is not None:
            seen = self._seen[distribution]
            seen.requests += 1
            seen.downloaded += record.sent_bytes
            seen.uploaded += record.received_bytes
            seen.client_errors += 400 <= record.status < 500
            seen.server_errors += record.status >= 500
            if not record.target_group_arn and not (record.blocked_by and self._only):
                return
        balancer = (
            self._balancers.get(record.listener)
            or self._of_groups.get(record.target_group_arn)
            or self._only
        )
        if balancer:
            self._of_balancer(balancer, record)

    def _of_balancer(self, balancer: str, record: AccessRecord) -> None:
        group = group_name(record.target_group_arn)
        kinds = ["RequestCount"]
        if record.task_id and record.status not in _BY_ITSELF:
            kinds.append(f"HTTPCode_Target_{record.status // 100}XX_Count")
            for name in ("", group):
                self._times[balancer, name].add(datum(_TIME, 0, record.seconds, "Seconds"))
        elif record.status:
            kinds.append(f"HTTPCode_ELB_{record.status // 100}XX_Count")
            if record.status in (500, 502, 503, 504):
                kinds.append(f"HTTPCode_ELB_{record.status}_Count")
        for kind in kinds:
            self._counts[balancer, "", kind] += 1
            if group and not kind.startswith("HTTPCode_ELB"):
                self._counts[balancer, group, kind] += 1
        self._counts[balancer, "", "ProcessedBytes"] += record.sent_bytes + record.received_bytes

    def minute(self, now: float) -> Iterator[Datum]:
        """What was counted since the last minute. Counts of nothing are not reported, as on AWS."""
        for (balancer, group, name), count in self._counts.items():
            metric = metric_id("AWS/ApplicationELB", name, balancer_dimensions(balancer, group))
            unit = "Bytes" if name == "ProcessedBytes" else "Count"
            value = ((float(count), 1.0),) if unit == "Bytes" else ((1.0, float(count)),)
            yield Datum(metric, now, value, unit=unit)
        for (balancer, group), times in self._times.items():
            if times.values:
                dimensions = balancer_dimensions(balancer, group)
                metric = metric_id("AWS/ApplicationELB", "TargetResponseTime", dimensions)
                yield Datum(metric, now, tuple(times.values.items()), unit="Seconds")
        for distribution, seen in self._seen.items():
            yield from _of_distribution(distribution, seen, now)
        self._counts.clear()
        self._times.clear()
        self._seen.clear()


_TIME = metric_id("AWS/ApplicationELB", "TargetResponseTime")


def _of_distribution(distribution: str, seen: _Seen, now: float) -> Iterator[Datum]:
    dimensions = {"DistributionId": distribution, "Region": "Global"}
    errors = seen.client_errors + seen.server_errors
    found = {
        "Requests": (float(seen.requests), "None"),
        "BytesDownloaded": (float(seen.downloaded), "None"),
        "BytesUploaded": (float(seen.uploaded), "None"),
        "4xxErrorRate": (100 * seen.client_errors / seen.requests, "Percent"),
        "5xxErrorRate": (100 * seen.server_errors / seen.requests, "Percent"),
        "TotalErrorRate": (100 * errors / seen.requests, "Percent"),
    }
    for name, (value, unit) in found.items():
        yield datum(metric_id("AWS/CloudFront", name, dimensions), now, value, unit)


def balancer_name(arn: str) -> str:
    """The value of the dimension LoadBalancer: the end of the ARN."""
    return arn.partition(":loadbalancer/")[2]


def group_name(arn: str) -> str:
    """The value of the dimension TargetGroup: the end of the ARN."""
    return arn.rpartition(":")[2]


def balancer_dimensions(balancer: str, group: str = "") -> dict[str, str]:
    """Of a balancer, or of one of its target groups."""
    found = {"LoadBalancer": balancer}
    return found | {"TargetGroup": group} if group else found


def groups_of_balancers(blueprint: Blueprint) -> dict[str, str]:
    """The balancer that leads to a target group (its ARN): by ELB's name."""
    found: dict[str, str] = {}
    for balancer in blueprint.load_balancers:
        for listener in balancer.listeners:
            actions = [listener.default_action, *(rule.action for rule in listener.rules)]
            for action in actions:
                for target in getattr(action, "targets", ()):
                    found.setdefault(target.target_group_arn, balancer_name(balancer.arn))
    return found
