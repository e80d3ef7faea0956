"""Counts of requests, as those of load balancers and distributions.

"CloudWatch metrics for your Application Load Balancer",
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"View CloudFront and edge function metrics",
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from bonkei.blueprint import Blueprint
from bonkei.miniature.measures.recent import Answers, Recent
from bonkei.services.cloudwatch.metric.bucket import Bucket
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.edge.client.access import RECEIVED, SECONDS, SENT, AccessRecord, Kind, Row

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
_LEFT = 460
"""HTTPCode_ELB_4XX_Count has it, too: the client left before the response."""
_BY_ITSELF = (_LEFT, 502, 504)
"""A balancer's own statuses in place of a target's, even after it has chosen a target."""
EVERY = ""
"""In place of a metric's name: the requests with those without a target. RequestCount is "only
incremented for requests where the load balancer node was able to choose a target"."""


_kind, _sent, _received, _seconds = map(itemgetter, (0, SENT, RECEIVED, SECONDS))
_TOGETHER = 256
"""The most requests that wait to be counted: a fraction of a millisecond's work."""
_LONGEST = 5.0  # seconds that counted requests may be apart: they get one moment


@dataclass(slots=True)
class _Seen:
    requests: int = 0
    downloaded: int = 0
    uploaded: int = 0
    client_errors: int = 0
    server_errors: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Counters since the start. `balancers`: by ELB's names of the balancer and the target group
    (empty for all of them), and the metric's name. `failed`: 5xx by a distribution's id."""

    balancers: Mapping[tuple[str, str, str], int]
    failed: Mapping[str, int]


class Traffic:
    """Takes every finished request, and computes a minute's metrics.

    A request costs one append. Some hundred are counted together. Most are of the same kind, and
    this kind is evaluated once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent = Recent()
        self._first = 0.0  # when the first of those that wait has come
        self._balancers: dict[str, str] = {}  # ELB's name of a listener's, by its address
        self._distributions: dict[str, str] = {}  # ids, by address
        self._of_groups: dict[str, str] = {}  # ELB's name of a target group's balancer
        self._only = ""
        self._new: list[Row] = []
        self._counts: dict[tuple[str, str, str], int] = defaultdict(int)
        self._times: dict[tuple[str, str], Bucket] = defaultdict(Bucket)
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        self._past: Counter[tuple[str, str, str]] = Counter()  # the minutes that are over
        self._past_failed: Counter[str] = Counter()

    def totals(self) -> Totals:
        """The counts since the start, for callers that need a rate between two readings."""
        self._count()
        failed = {name: seen.server_errors for name, seen in self._seen.items()}
        return Totals(self._past + Counter(self._counts), self._past_failed + Counter(failed))

    def recent(self) -> Answers:
        """The visitors' requests of the last minute."""
        self._count()
        return self._recent.answers(self._clock())

    def follow(self, blueprint: Blueprint) -> None:
        """Follow the blueprint's names."""
        self._count()
        names = {one.address: balancer_name(one.arn) for one in blueprint.load_balancers}
        self._balancers = {
            listener.address: names[one.address]
            for one in blueprint.load_balancers
            for listener in one.listeners
        }
        self._of_groups = groups_of_balancers(blueprint)
        self._only = next(iter(names.values()), "") if len(names) == 1 else ""
        self._distributions = {one.address: one.id for one in blueprint.distributions}

    def seen_together(self, rows: Sequence[Row]) -> None:
        """Several requests. Each may have passed a distribution, a balancer, or both."""
        now = self._clock()
        if self._new and now - self._first > _LONGEST:
            self._count()
        if not self._new:
            self._first = now
        self._new += rows
        if len(self._new) >= _TOGETHER:
            self._count()

    def _count(self) -> None:
        new, self._new = self._new, []
        kinds: dict[Kind, list[Row]] = defaultdict(list)
        for kind, some in groupby(new, _kind):
            kinds[kind] += some
        for kind, alike in kinds.items():
            self._count_alike(kind.sample, alike)

    def _count_alike(self, record: AccessRecord, alike: Sequence[Row]) -> None:
        number = len(alike)
        sent, received = sum(map(_sent, alike)), sum(map(_received, alike))
        distribution = self._distributions.get(record.listener)
        if distribution is None and record.listener not in self._balancers:
            return  # a call by Service Connect, which passes no balancer
        self._recent.add(self._first, number, number * (record.status >= 500))
        if distribution is not None:
            seen = self._seen[distribution]
            seen.requests += number
            seen.downloaded += sent
            seen.uploaded += received
            seen.client_errors += number * (400 <= record.status < 500)
            seen.server_errors += number * (record.status >= 500)
            if not record.target_group_arn and not (record.blocked_by and self._only):
                return
        balancer = (
            self._balancers.get(record.listener)
            or self._of_groups.get(record.target_group_arn)
            or self._only
        )
        if balancer:
            self._counts[balancer, "", "ProcessedBytes"] += sent + received
            self._of_balancer(balancer, record, alike)

    def _of_balancer(self, balancer: str, record: AccessRecord, alike: Sequence[Row]) -> None:
        number, status = len(alike), record.status or _LEFT
        group = group_name(record.target_group_arn) if record.task_id else ""  # a target was chosen
        self._counts[balancer, "", EVERY] += number
        kinds = ["RequestCount"] if record.task_id else []
        if record.task_id and status not in _BY_ITSELF:
            kinds.append(f"HTTPCode_Target_{status // 100}XX_Count")
            times = Counter(map(_seconds, alike))
            self._times[balancer, group].add(Datum(_TIME, 0, tuple(times.items()), unit="Seconds"))
        else:
            kinds += f"HTTPCode_ELB_{status // 100}XX_Count", f"HTTPCode_ELB_{status}_Count"
        for kind in kinds:
            if ("AWS/ApplicationELB", kind) not in NAMES:
                continue  # such as a target's 1XX, or a fixed response of 200
            self._counts[balancer, "", kind] += number
            if group and not kind.startswith("HTTPCode_ELB"):
                self._counts[balancer, group, kind] += number

    def minute(self, now: float) -> Iterator[Datum]:
        """The counts since the last minute. As on AWS, zeros are not reported."""
        self._count()
        for (balancer, group, name), count in self._counts.items():
            if name == EVERY:
                continue  # CloudWatch has no such metric
            metric = metric_id("AWS/ApplicationELB", name, balancer_dimensions(balancer, group))
            unit = "Bytes" if name == "ProcessedBytes" else "Count"
            value = ((float(count), 1.0),) if unit == "Bytes" else ((1.0, float(count)),)
            yield Datum(metric, now, value, unit=unit)
        for (balancer, group), times in self._all_times().items():
            if times.values:
                dimensions = balancer_dimensions(balancer, group)
                metric = metric_id("AWS/ApplicationELB", "TargetResponseTime", dimensions)
                yield Datum(metric, now, tuple(times.values.items()), unit="Seconds")
        for distribution, seen in self._seen.items():
            yield from _of_distribution(distribution, seen, now)
        self._past.update(self._counts)
        self._past_failed.update({name: one.server_errors for name, one in self._seen.items()})
        self._counts.clear()
        self._times.clear()
        self._seen.clear()

    def _all_times(self) -> dict[tuple[str, str], Bucket]:
        """The times of each target group, and of each balancer as a whole."""
        found: dict[tuple[str, str], Bucket] = defaultdict(Bucket)
        for (balancer, group), times in self._times.items():
            found[balancer, ""].merge(times)
            if group:
                found[balancer, group].merge(times)
        return found


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
    """The dimensions of a balancer, or of one of its target groups."""
    found = {"LoadBalancer": balancer}
    return found | {"TargetGroup": group} if group else found


def groups_of_balancers(blueprint: Blueprint) -> dict[str, str]:
    """From a target group's ARN to ELB's name of the balancer in front of it."""
    found: dict[str, str] = {}
    for balancer in blueprint.load_balancers:
        for listener in balancer.listeners:
            actions = [listener.default_action, *(rule.action for rule in listener.rules)]
            for action in actions:
                for target in getattr(action, "targets", ()):
                    found.setdefault(target.target_group_arn, balancer_name(balancer.arn))
    return found
