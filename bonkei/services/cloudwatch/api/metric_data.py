"""GetMetricData: metrics and expressions, each with its own period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from bonkei.base.aws_service import AwsServiceError, seconds
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.cloudwatch import MetricQuery
from bonkei.services.cloudwatch.alarm.points import fetch
from bonkei.services.cloudwatch.api.periods import how_many, require_period, starts
from bonkei.services.cloudwatch.api.spelling import Parameters, invalid, queries_of
from bonkei.services.cloudwatch.math.evaluate import Evaluation, Window
from bonkei.services.cloudwatch.math.expression import needed_by, parse_expression
from bonkei.services.cloudwatch.metric.store import MetricStore

_MOST_POINTS = 100_800
_PERIOD = 300  # of an expression without a metric


def metric_data(store: MetricStore, parameters: Parameters, now: float) -> dict[str, Any]:
    """All results at once, without pages. Raises AwsServiceError."""
    listed = parameters["MetricDataQueries"]
    if not listed:
        raise invalid("The parameter MetricDataQueries must not be empty.")
    queries = {query.id: query for query in queries_of(listed)}
    own = {one["Id"]: int(one["Period"]) for one in listed if one.get("Period")}
    begin, end = seconds(parameters["StartTime"]), seconds(parameters["EndTime"])
    if begin >= end:
        raise invalid("The parameter StartTime must be less than the parameter EndTime.")
    periods = {name: own.get(name) or _period(name, queries) for name in queries}
    for period in periods.values():
        require_period(period)
    if sum(how_many(begin, end, period, now) for period in periods.values()) > _MOST_POINTS:
        raise invalid(f"You have requested more than {_MOST_POINTS} data points.")
    evaluations = {
        period: _evaluation(store, queries, starts(begin, end, period, now), period)
        for period in set(periods.values())
    }
    newest_first = parameters.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results: list[dict[str, Any]] = []
    for query in queries.values():
        if query.returns_data:
            results += _results(query, evaluations[periods[query.id]], newest_first=newest_first)
    return {"MetricDataResults": results, "Messages": []}


def _evaluation(
    store: MetricStore, queries: Mapping[str, MetricQuery], times: tuple[float, ...], period: int
) -> Evaluation:
    """An evaluation of all queries with one period."""
    return Evaluation(
        tuple(queries.values()),
        lambda metric: fetch(store, metric, times, period)[0],
        Window(times, period),
    )


def _results(
    query: MetricQuery, evaluation: Evaluation, *, newest_first: bool
) -> Iterator[dict[str, Any]]:
    try:
        found = evaluation.series(query.id)
    except BonkeiError as error:
        raise AwsServiceError("ValidationError", error.message) from None
    for series in found:
        points = sorted(series.points.items(), reverse=newest_first)
        yield {
            "Id": query.id,
            "Label": query.label or series.label or query.id,
            "Timestamps": [time for time, _ in points],
            "Values": [value for _, value in points],
            "StatusCode": "Complete",
        }


def _period(name: str, queries: Mapping[str, MetricQuery]) -> int:
    """A metric's own period. An expression has the longest of the metrics that it needs."""
    seen: set[str] = set()
    found: list[int] = []
    open_names = [name]
    while open_names:
        query = queries.get(open_names.pop())
        if query is None or query.id in seen:
            continue
        seen.add(query.id)
        if query.metric is not None:
            found.append(query.metric.period)
            continue
        with suppress(BonkeiError):  # the evaluation reports it
            names = needed_by(parse_expression(query.expression))
            open_names += queries if names is None else names
    return max(found, default=_PERIOD)
