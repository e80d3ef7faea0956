"""The four signals of load balancers, services and databases: traffic, errors, latency and
saturation, from the metrics that exist."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.miniature.console.metrics import Clock, Lines, identity_text
from bonkei.miniature.measures.traffic import balancer_name, group_name
from bonkei.services.cloudwatch.metric.model import Dimensions, MetricId
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.console import Console, Json

MINUTES = 60  # of a row's lines


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
    """The topic `signals`. `look`: keeps the requests that a row leads to."""
    lines = Lines(MINUTES)

    async def signals(_: Mapping[str, str]) -> Json:
        look()
        return await rows(monitor(), blueprint(), lines, clock())

    console.topics({"signals": signals})


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
    return {"rows": found, "begin": last - 60 * MINUTES}


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


def _together(lines: Sequence[Sequence[float | None]], *, total: bool) -> list[float | None]:
    join = sum if total else max
    known = [
        [value for value in values if value is not None] for values in zip(*lines, strict=True)
    ]
    return [join(values) if values else None for values in known]
