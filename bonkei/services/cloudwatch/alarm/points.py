"""The data points that an alarm looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.services.cloudwatch.math.evaluate import Evaluation, Window
from bonkei.services.cloudwatch.math.series import Series
from bonkei.services.cloudwatch.metric.bucket import Bucket
from bonkei.services.cloudwatch.metric.model import MetricId
from bonkei.services.cloudwatch.metric.statistic import percentile_of, statistic
from bonkei.services.cloudwatch.metric.store import MetricStore

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Points:
    """`values` are oldest first. `starts`: when their periods start. `few`: too few samples for a
    meaningful percentile. `counts`: how many samples the periods have that start then."""

    values: tuple[float | None, ...]
    starts: tuple[float, ...]
    few: bool = False
    counts: Mapping[float, float] = field(default_factory=dict)


def identity(metric: Metric) -> MetricId:
    """The store's name of a metric."""
    return MetricId(metric.namespace, metric.name, tuple(sorted(metric.dimensions)))


def fetch(
    store: MetricStore, metric: Metric, starts: tuple[float, ...], period: float
) -> tuple[Series, dict[int, Bucket]]:
    """The statistic of a metric in each period, and the buckets that it was computed from."""
    if not starts:
        return Series({}, (), period), {}
    begin, end = starts[0], starts[-1] + period
    numbers = {round((start - begin) / period): start for start in starts}  # there may be gaps
    found = store.buckets(identity(metric), begin, end, period, metric.unit)
    buckets = {number: bucket for number, bucket in found.items() if number in numbers}
    of = statistic(metric.statistic)
    points = {
        numbers[number]: value
        for number, bucket in buckets.items()
        if bucket.count and (value := of(bucket)) is not None
    }
    return Series(points, starts, period, metric.name), buckets


def period_of(alarm: Alarm) -> int:
    """The period in seconds, as declared."""
    return max((metric.period for metric in alarm.metrics()), default=60)


def points_of(
    alarm: Alarm,
    store: MetricStore,
    end: float,
    compression: float,
    most: int,
    blank: tuple[float, float] | None = None,
) -> Points:
    """The `most` periods that end at `end`. With compressed time, each is shorter by the factor.
    Periods that overlap the time `blank` are left out, as if that time did not exist."""
    period = period_of(alarm) / compression
    starts = _starts(end, period, most, blank)
    if alarm.metric is not None:
        series, buckets = fetch(store, alarm.metric, starts, period)
        few = _few(alarm.metric.statistic, buckets, alarm.evaluation_periods)
        numbers = {round((start - starts[0]) / period): start for start in starts}
        counts = {numbers[number]: bucket.count for number, bucket in buckets.items()}
        return Points(tuple(series.points.get(start) for start in starts), starts, few, counts)
    queries = alarm.queries
    evaluation = Evaluation(
        queries,
        lambda metric: fetch(store, metric, starts, period)[0],
        Window(starts, period),
    )
    answer = next((query.id for query in queries if query.returns_data), queries[-1].id)
    found = evaluation.series(answer)
    points = found[0].points if found else {}
    return Points(tuple(points.get(start) for start in starts), starts)


def _starts(
    end: float, period: float, most: int, blank: tuple[float, float] | None
) -> tuple[float, ...]:
    if blank is None or blank[1] <= end - period * most:
        return tuple(end - period * (most - number) for number in range(most))
    left_out = ceil((blank[1] - blank[0]) / period) + 1
    every = (end - period * number for number in range(1, most + left_out + 1))
    kept = [start for start in every if start >= blank[1] or start + period <= blank[0]]
    return tuple(reversed(kept[:most]))


def _few(name: str, buckets: dict[int, Bucket], periods: int) -> bool:
    """ "Percentile-based CloudWatch alarms and low data samples"."""
    share = percentile_of(name)
    if share is None or share >= _PERCENT or share <= 0 or not buckets:
        return False
    last = sorted(buckets)[-periods:]
    count = sum(buckets[number].count for number in last)
    part = share / _PERCENT
    return count < (10 / (1 - part) if part >= 0.5 else 10 / part)
