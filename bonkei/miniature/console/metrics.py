"""Metrics: the list, and each metric over time with the alarms that use it."""

from __future__ import annotations

import asyncio
import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.services.cloudwatch.alarm.book import HistoryItem
from bonkei.services.cloudwatch.alarm.engine import AnyAlarm
from bonkei.services.cloudwatch.alarm.points import fetch, identity
from bonkei.services.cloudwatch.metric.model import MetricId
from bonkei.services.cloudwatch.metric.statistic import statistic
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.console import Console, ConsoleError, Json

MOST_ROWS = 100
_SPARK = 30  # points of a minute each
_CHANGES = 100  # of an alarm's state, in a graph
_MOST_POINTS = 720
_LONGEST = 30 * 86_400.0
_PERIODS = (1, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400)

_KNOWN = 500  # metrics for which the last half hour is kept

Clock = Callable[[], float]
Line = tuple[list[float | None], str]


def offer_metrics(console: Console, monitor: Callable[[], Monitor], clock: Clock) -> None:
    """The topics `metrics` and `metrics.graph`."""

    lines = Lines()

    async def metrics(query: Mapping[str, str]) -> Json:
        text, namespace = query.get("filter", ""), query.get("namespace", "")
        return await listed(monitor(), text, namespace, clock(), lines)

    async def graph(query: Mapping[str, str]) -> Json:
        return drawn(monitor(), query, clock())

    console.topics({"metrics": metrics, "metrics.graph": graph})


class Lines:
    """The last `minutes` of metrics. They are looked up again after new data, or after a minute.
    Other tasks run in between, because a lookup may read the disk."""

    def __init__(self, minutes: int = _SPARK) -> None:
        self._minutes = minutes
        self._known: OrderedDict[tuple[MetricId, str], tuple[tuple[float, float], Line]] = (
            OrderedDict()
        )

    async def of(self, monitor: Monitor, metric: MetricId, name: str, now: float) -> Line:
        """By a statistic: its values and their unit."""
        key, minute = (metric, name), math.floor(now / 60)
        mark = (float(minute), monitor.store.last(metric))
        found = self._known.get(key)
        if found is None or found[0] != mark:
            await asyncio.sleep(0)
            found = self._known[key] = mark, self._read(monitor, metric, name, (minute + 1) * 60.0)
            while len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return found[1]

    def _read(self, monitor: Monitor, metric: MetricId, name: str, end: float) -> Line:
        starts = tuple(end - 60 * count for count in range(self._minutes, 0, -1))
        asked = Metric(metric.namespace, metric.name, metric.dimensions, name)
        series, buckets = fetch(monitor.store, asked, starts, 60.0)
        unit = next((bucket.unit for bucket in buckets.values() if bucket.count), "")
        return [series.points.get(start) for start in starts], unit


async def listed(
    monitor: Monitor, text: str, namespace: str, now: float, lines: Lines
) -> dict[str, Any]:
    """For `metrics`: the metrics with each word of `text` in their namespace, name or
    dimensions."""
    watched = _watched(monitor.engine.alarms)
    every = sorted(monitor.store.metrics(), key=str)
    words = text.lower().split()
    fits = [each for each in every if all(word in str(each).lower() for word in words)]
    counts: dict[str, int] = {}
    for each in fits:
        counts[each.namespace] = counts.get(each.namespace, 0) + 1
    chosen = [each for each in fits if namespace in ("", each.namespace)]
    return {
        "namespaces": [{"name": name, "count": count} for name, count in counts.items()],
        "metrics": [
            await _row(monitor, each, watched.get(each, []), now, lines)
            for each in chosen[:MOST_ROWS]
        ],
        "total": len(every),
        "more": max(0, len(chosen) - MOST_ROWS),
        "compression": monitor.compression,
    }


def drawn(monitor: Monitor, query: Mapping[str, str], now: float) -> Json:
    """For `metrics.graph`: a statistic in each period. `id`: as in `metrics`. Raises ConsoleError
    if it is not a metric. A BonkeiError names the existing statistics."""
    metric = parse(query.get("id", ""))
    alarms = _watched(monitor.engine.alarms).get(metric, [])
    name = query.get("statistic") or _usual(metric, alarms)
    statistic(name)
    seconds = min(_LONGEST, max(60.0, _number(query.get("seconds"), 3600.0)))
    period = _period(seconds, _number(query.get("period"), 60.0))
    last = (math.floor(now / period) + 1) * period
    starts = tuple(last - period * count for count in range(int(seconds // period) + 1, 0, -1))
    asked = Metric(metric.namespace, metric.name, metric.dimensions, name)
    series, buckets = fetch(monitor.store, asked, starts, period)
    return {
        "id": identity_text(metric),
        "namespace": metric.namespace,
        "name": metric.name,
        "dimensions": [list(pair) for pair in metric.dimensions],
        "statistic": name,
        "period": period,
        "seconds": seconds,
        "times": list(starts),
        "values": [series.points.get(start) for start in starts],
        "unit": next((bucket.unit for bucket in buckets.values() if bucket.count), ""),
        "alarms": [_alarm(monitor, alarm, name, period, starts[0], now) for alarm in alarms],
        "compression": monitor.compression,
    }


def identity_text(metric: MetricId) -> str:
    """A metric in one word, for addresses."""
    pairs = [list(pair) for pair in metric.dimensions]
    return json.dumps([metric.namespace, metric.name, pairs], separators=(",", ":"))


def parse(text: str) -> MetricId:
    """The metric of `identity_text`. ConsoleError."""
    try:
        namespace, name, pairs = json.loads(text)
        dimensions = tuple(sorted((str(key), str(value)) for key, value in pairs))
    except (ValueError, TypeError, RecursionError):
        raise ConsoleError("this is not a metric", remedy="choose one of the list") from None
    return MetricId(str(namespace), str(name), dimensions)


async def _row(
    monitor: Monitor, metric: MetricId, alarms: Sequence[Alarm], now: float, lines: Lines
) -> dict[str, Any]:
    name = _usual(metric, alarms)
    line, unit = await lines.of(monitor, metric, name, now)
    known = [value for value in line if value is not None]
    return {
        "id": identity_text(metric),
        "namespace": metric.namespace,
        "name": metric.name,
        "dimensions": [list(pair) for pair in metric.dimensions],
        "statistic": name,
        "line": line,
        "last": known[-1] if known else None,
        "at": monitor.store.last(metric) or None,
        "unit": unit,
        "alarms": [
            {"name": alarm.name, "state": monitor.book.state(alarm.name).value} for alarm in alarms
        ],
    }


def _watched(alarms: Sequence[AnyAlarm]) -> dict[MetricId, list[Alarm]]:
    found: dict[MetricId, list[Alarm]] = {}
    for alarm in alarms:
        if isinstance(alarm, Alarm):
            for metric in {identity(one): one for one in alarm.metrics()}:
                found.setdefault(metric, []).append(alarm)
    return found


def _usual(metric: MetricId, alarms: Sequence[Alarm]) -> str:
    """The statistic that an alarm uses, or else the usual one for its kind."""
    for alarm in alarms:
        for one in alarm.metrics():
            if identity(one) == metric and one.statistic:
                return one.statistic
    counts = ("Count", "Requests", "Errors", "Invocations", "Throttles", "Bytes", "Events", "2XX")
    is_level = metric.name.endswith(("HostCount", "ConnectionCount", "Utilization"))
    if any(word in metric.name for word in counts) and not is_level:
        return "Sum"
    return "Average"


def states_of(monitor: Monitor, name: str, begin: float, now: float) -> list[dict[str, Any]]:
    """An alarm's states between two times, for the strip above a graph."""
    changes = monitor.book.history(name, "StateUpdate", most=_CHANGES)
    return states_over(changes, monitor.book.state(name).value, begin, now)


def _alarm(
    monitor: Monitor, alarm: Alarm, name: str, period: float, begin: float, now: float
) -> dict[str, Any]:
    """`applies`: whether its threshold fits the drawn statistic. `states`: between the two
    times."""
    metric = alarm.metric
    applies = metric is not None and metric.statistic == name and metric.period == period
    return {
        "name": alarm.name,
        "state": monitor.book.state(alarm.name).value,
        "threshold": alarm.threshold,
        "comparison": alarm.comparison,
        "statistic": metric.statistic if metric is not None else "",
        "period": metric.period if metric is not None else 0,
        "applies": applies,
        "states": states_of(monitor, alarm.name, begin, now),
    }


def _period(seconds: float, wanted: float) -> float:
    """The requested period, or the shortest one that gives few enough points."""
    period = next((float(each) for each in _PERIODS if each >= wanted), float(_PERIODS[-1]))
    while seconds / period > _MOST_POINTS:
        period = next(float(each) for each in _PERIODS if each > period)
    return period


def _number(text: str | None, usual: float) -> float:
    try:
        found = float(text or usual)
    except ValueError:
        return usual
    return found if math.isfinite(found) and found > 0 else usual


def states_over(
    history: Iterable[HistoryItem], now_in: str, begin: float, end: float
) -> list[dict[str, Any]]:
    """`[{"state", "from", "to"}, …]`, oldest first, in Unix seconds. `now_in`: the present state.
    It is the state of the whole period if the history has no change."""
    changes = sorted(
        (item.time, *_states(item)) for item in history if item.kind == "StateUpdate" and item.data
    )
    found: list[dict[str, Any]] = []
    state, since = changes[0][1] if changes else now_in, begin
    for at, _, after in [*changes, (end, "", "")]:
        until = min(max(at, begin), end)
        if until > since:
            found.append({"state": state, "from": since, "to": until})
        state, since = after, until
    return found


def _states(item: HistoryItem) -> tuple[str, str]:
    """Before and after, from the HistoryData of DescribeAlarmHistory."""
    data = json.loads(item.data)
    return str(data["oldState"]["stateValue"]), str(data["newState"]["stateValue"])
