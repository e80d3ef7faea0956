"""The four signals of the system, of its load balancers, services and databases: traffic, errors,
latency and saturation, from the metrics that exist. And the traffic of all, to choose a time by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Metric
from bonkei.miniature.console.metrics import Clock, Lines, identity_text
from bonkei.miniature.measures.traffic import balancer_name, group_name
from bonkei.services.cloudwatch.alarm.points import fetch
from bonkei.services.cloudwatch.metric.model import Dimensions, MetricId
from bonkei.services.cloudwatch.metric.store import MetricStore
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.console import Console, Json

MINUTES = 60  # of a row's lines
_SPAN = 3_600.0  # seconds of the traffic that are shown at least
_SPANS = 8  # that are kept for a minute
_OLDEST = 30 * 86_400.0
_MOST_POINTS = 180
_PERIODS = (60, 300, 900, 3_600, 21_600)

Line = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class _Signal:
    """`metrics`: their names, of any namespace, and the statistic. `total`: they add up, and the
    greatest counts otherwise."""

    name: str
    metrics: Mapping[str, str]
    total: bool = False


_SIGNALS = (
    _Signal("traffic", {"RequestCount": "Sum"}, total=True),
    _Signal(
        "errors",
        {"HTTPCode_Target_5XX_Count": "Sum", "HTTPCode_ELB_5XX_Count": "Sum"},
        total=True,
    ),
    _Signal("latency", {"TargetResponseTime": "p99"}),
    _Signal("saturation", {"CPUUtilization": "Average", "MemoryUtilization": "Average"}),
)
_DATABASE = "DBClusterIdentifier"


@dataclass(frozen=True, slots=True)
class _Subject:
    """What has signals, and the dimensions of its metrics."""

    kind: str
    name: str
    dimensions: Set[Dimensions]
    group: str = ""  # the name of its target group: what its requests are found by


def offer_signals(
    console: Console,
    monitor: Callable[[], Monitor],
    blueprint: Callable[[], Blueprint],
    look: Callable[[], None],
    clock: Clock,
) -> None:
    """The topics `signals` and `signals.traffic`. `look`: keeps the requests of a row."""
    lines, kept = Lines(MINUTES), dict[str, tuple[tuple[float, float], Json]]()

    async def signals(_: Mapping[str, str]) -> Json:
        look()
        return await rows(monitor(), blueprint(), lines, clock())

    async def traffic(query: Mapping[str, str]) -> Json:
        """Again after new data, or a minute: it may read the disk."""
        span, now, store = query.get("span", ""), clock(), monitor().store
        mark = (now // 60, max(map(store.last, _balancers(store)), default=0.0))
        if span not in kept or kept[span][0] != mark:
            if len(kept) >= _SPANS:
                kept.clear()
            kept[span] = mark, traffic_of(store, span, now)
        return kept[span][1]

    console.topics({"signals": signals, "signals.traffic": traffic})


async def rows(monitor: Monitor, blueprint: Blueprint, lines: Lines, now: float) -> Json:
    """For `signals`: what has one of them at least, with its worst minute. No value: not measured
    in that minute; no signal: it is never measured of such a thing."""
    last = (math.floor(now / 60) + 1) * 60.0
    every = monitor.store.metrics()
    found: list[Json] = []
    for subject in _subjects(blueprint, {each.dimensions for each in every}):
        own = [each for each in every if each.dimensions in subject.dimensions]
        signals = {one.name: await _of(one, own, monitor, lines, now) for one in _SIGNALS}
        if signals["traffic"] and not signals["errors"]:
            signals["errors"] = _none_of(signals["traffic"])
        if any(signals.values()):
            about = {"kind": subject.kind, "name": subject.name, "group": subject.group}
            found.append({**about, **signals})
    return {"rows": found, "begin": last - 60 * MINUTES, "compression": monitor.compression}


def _subjects(blueprint: Blueprint, dimensions: Set[Dimensions]) -> Iterator[_Subject]:
    """`dimensions`: of every metric."""
    names = {each.arn: each.name for each in blueprint.target_groups}
    for balancer in blueprint.load_balancers:
        own = (("LoadBalancer", balancer_name(balancer.arn)),)
        yield _Subject("load_balancer", balancer.name, {own})
    for service in blueprint.services:
        cluster = service.cluster_arn.rpartition("/")[2]
        groups = {group_name(each.target_group_arn) for each in service.targets}
        behind = {each for each in dimensions if _group(each) in groups}
        tasks = (("ClusterName", cluster), ("ServiceName", service.name))
        group = next((names.get(each.target_group_arn, "") for each in service.targets), "")
        yield _Subject("service", service.name, {tasks} | behind, group)
    for each in sorted(dimensions):
        if len(each) == 1 and each[0][0] == _DATABASE:
            yield _Subject("database", each[0][1], {each})


def _group(dimensions: Dimensions) -> str:
    """The target group of a metric of a load balancer and a group, not of one zone."""
    found = dict(dimensions)
    return found["TargetGroup"] if found.keys() == {"LoadBalancer", "TargetGroup"} else ""


async def _of(
    signal: _Signal, own: Sequence[MetricId], monitor: Monitor, lines: Lines, now: float
) -> dict[str, Any] | None:
    """Of several metrics the worst is named, as of processor and memory."""
    found = {
        each: await lines.of(monitor, each, signal.metrics[each.name], now)
        for each in own
        if each.name in signal.metrics
    }
    if not found:
        return None
    line = _together([values for values, _ in found.values()], total=signal.total)
    worst = max((value, at) for at, value in enumerate([each or 0.0 for each in line]))
    named = max(found, key=lambda each: max(value or 0.0 for value in found[each][0]))
    return {
        "id": identity_text(named),
        "metric": named.name,
        "statistic": signal.metrics[named.name],
        "unit": next((unit for _, unit in found.values() if unit), ""),
        "line": line,
        "worst": worst[0] if any(each is not None for each in line) else None,
        "at": worst[1],
    }


def _none_of(traffic: Mapping[str, Any]) -> dict[str, Any]:
    """Errors of which the metric does not exist: AWS reports no zeros."""
    line = [None if value is None else 0.0 for value in traffic["line"]]
    worst = None if traffic["worst"] is None else 0.0
    return {**traffic, "line": line, "worst": worst}


def _together(lines: Sequence[Line], *, total: bool) -> list[float | None]:
    join = sum if total else max
    known = [
        [value for value in values if value is not None] for values in zip(*lines, strict=True)
    ]
    return [join(values) if values else None for values in known]


def traffic_of(store: MetricStore, span: str, now: float) -> Json:
    """For `signals.traffic`: requests and errors of all load balancers together, over so many
    seconds; `0`: since the first one that is known."""
    wanted = float(span) if span.isdigit() else _SPAN
    balancers = _balancers(store)
    if not wanted:
        wanted = now - _first(store, balancers, now)
    wanted = min(_OLDEST, max(_SPAN, wanted))
    period = next(each for each in _PERIODS if wanted / each <= _MOST_POINTS)
    starts = _starts(wanted, period, now)
    return {
        "times": list(starts),
        "period": period,
        "requests": _sum(store, balancers, _SIGNALS[0], starts, period),
        "errors": _sum(store, balancers, _SIGNALS[1], starts, period),
    }


def _balancers(store: MetricStore) -> list[MetricId]:
    """The metrics of whole load balancers."""
    return [each for each in store.metrics() if [*dict(each.dimensions)] == ["LoadBalancer"]]


def _first(store: MetricStore, balancers: Sequence[MetricId], now: float) -> float:
    """When the first request came, to the minute: first its quarter of a day."""
    begin, end = now - _OLDEST, now
    for period in (_PERIODS[-1], _PERIODS[0]):
        starts = _starts(end - begin + period, period, end)
        values = _sum(store, balancers, _SIGNALS[0], starts, period)
        begin = next((at for at, value in zip(starts, values, strict=True) if value), now)
        end = min(now, begin + period)
    return begin


def _starts(seconds: float, period: float, now: float) -> tuple[float, ...]:
    end = (math.floor(now / period) + 1) * period
    return tuple(end - period * back for back in range(math.ceil(seconds / period), 0, -1))


def _sum(
    store: MetricStore, own: Sequence[MetricId], signal: _Signal, starts: tuple[float, ...],
    period: float,
) -> list[float]:  # fmt: skip
    found = [0.0] * len(starts)
    for each in own:
        if each.name in signal.metrics:
            asked = Metric(each.namespace, each.name, each.dimensions, "Sum")
            points = fetch(store, asked, starts, period)[0].points
            found = [sum_ + points.get(at, 0.0) for sum_, at in zip(found, starts, strict=True)]
    return found
