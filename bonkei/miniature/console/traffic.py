"""The requests and errors of all load balancers over time: what a page's time is chosen by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set

from bonkei.blueprint.cloudwatch import Metric
from bonkei.miniature.console.metrics import Clock
from bonkei.services.cloudwatch.alarm.points import fetch
from bonkei.services.cloudwatch.metric.model import MetricId
from bonkei.services.cloudwatch.metric.store import MetricStore
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.console import Console, Json

_REQUESTS = frozenset({"RequestCount"})
_ERRORS = frozenset({"HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"})
_SPAN = 3_600.0  # seconds that are shown at least
_OLDEST = 30 * 86_400.0
_MOST_POINTS = 180
_PERIODS = (60, 300, 900, 3_600, 21_600)
_KEPT = 8  # spans


def offer_traffic(console: Console, monitor: Callable[[], Monitor], clock: Clock) -> None:
    """The topic `traffic` (span: seconds; `0`: since the first request that is known)."""
    kept: dict[str, tuple[tuple[float, float], Json]] = {}

    async def traffic(query: Mapping[str, str]) -> Json:
        """Again after new data, or a minute: it may read the disk."""
        span, now, store = query.get("span", ""), clock(), monitor().store
        mark = (now // 60, max(map(store.last, _balancers(store)), default=0.0))
        if span not in kept or kept[span][0] != mark:
            if len(kept) >= _KEPT:
                kept.clear()
            kept[span] = mark, traffic_of(store, span, now)
        return kept[span][1]

    console.topics({"traffic": traffic})


def traffic_of(store: MetricStore, span: str, now: float) -> Json:
    """In periods that give few enough points."""
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
        "requests": _sum(store, balancers, _REQUESTS, starts, period),
        "errors": _sum(store, balancers, _ERRORS, starts, period),
    }


def _balancers(store: MetricStore) -> list[MetricId]:
    """The metrics of whole load balancers."""
    return [each for each in store.metrics() if [*dict(each.dimensions)] == ["LoadBalancer"]]


def _first(store: MetricStore, balancers: Sequence[MetricId], now: float) -> float:
    """When the first request came, to the minute: first its quarter of a day."""
    begin, end = now - _OLDEST, now
    for period in (_PERIODS[-1], _PERIODS[0]):
        starts = _starts(end - begin + period, period, end)
        values = _sum(store, balancers, _REQUESTS, starts, period)
        begin = next((at for at, value in zip(starts, values, strict=True) if value), now)
        end = min(now, begin + period)
    return begin


def _starts(seconds: float, period: float, now: float) -> tuple[float, ...]:
    end = (math.floor(now / period) + 1) * period
    return tuple(end - period * back for back in range(math.ceil(seconds / period), 0, -1))


def _sum(
    store: MetricStore,
    balancers: Sequence[MetricId],
    names: Set[str],
    starts: tuple[float, ...],
    period: float,
) -> list[float]:
    found = [0.0] * len(starts)
    for each in balancers:
        if each.name in names:
            asked = Metric(each.namespace, each.name, each.dimensions, "Sum")
            points = fetch(store, asked, starts, period)[0].points
            found = [known + points.get(at, 0.0) for known, at in zip(found, starts, strict=True)]
    return found
