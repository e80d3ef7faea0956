"""GetMetricData: metrics and expressions, each with its own period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bonkei.base.aws_service import AwsServiceError, seconds
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import start_of, token_of
from bonkei.blueprint.cloudwatch import MetricQuery
from bonkei.services.cloudwatch.alarm.points import fetch, identity
from bonkei.services.cloudwatch.api.periods import how_many, require_period, starts
from bonkei.services.cloudwatch.api.spelling import Parameters, invalid, queries_of
from bonkei.services.cloudwatch.math.evaluate import Evaluation, Window
from bonkei.services.cloudwatch.math.expression import needed_by, parse_expression
from bonkei.services.cloudwatch.metric.store import MetricStore

_MOST_POINTS = 100_800  # of a page
_MOST_PERIODS = 10 * _MOST_POINTS  # what a request may compute
_PERIOD = 300  # of an expression without a metric


def metric_data(store: MetricStore, parameters: Parameters, now: float) -> dict[str, Any]:
    """One page of the results: "The maximum number of data points the request should return before
    paginating. If you omit this, the default of 100,800 is used." ("GetMetricData", CloudWatch API
    Reference). Raises AwsServiceError."""
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
    if sum(how_many(begin, end, period, now) for period in periods.values()) > _MOST_PERIODS:
        raise invalid(
            f"You have requested more than {_MOST_PERIODS:,} data points: ask for a shorter time."
        )
    evaluations = {
        period: _evaluation(store, queries, starts(begin, end, period, now), period)
        for period in set(periods.values())
    }
    newest_first = parameters.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results: list[dict[str, Any]] = []
    queries |= _labelled([query for query in queries.values() if query.returns_data])
    for query in queries.values():
        if query.returns_data:
            found = _results(query, evaluations[periods[query.id]], newest_first=newest_first)
            units = _units(store, query, starts(begin, end, periods[query.id], now))
            results += (result | units for result in found)
    first = start_of(parameters.get("NextToken"), "InvalidNextToken")
    size = min(int(parameters.get("MaxDatapoints") or _MOST_POINTS), _MOST_POINTS)
    page, more = _page(results, first, first + max(1, size))
    return {"MetricDataResults": page, "Messages": [], "NextToken": more}


def _labelled(queries: Sequence[MetricQuery]) -> dict[str, MetricQuery]:
    """The queries that ask for a metric without a label, with the one that AWS gives them: the
    metric's name, and what tells the results apart. As recorded on AWS in LocalStack's tests."""
    metrics = [query.metric for query in queries if query.metric is not None]
    by_statistic = len({metric.statistic for metric in metrics}) > 1
    by_period = len({metric.period for metric in metrics}) > 1
    return {
        query.id: replace(
            query,
            label=metric.name
            + (f" {metric.statistic}" if by_statistic else "")
            + (f" {metric.period}" if by_period else ""),
        )
        for query in queries
        if (metric := query.metric) is not None and not query.label
    }


def _page(
    results: list[dict[str, Any]], first: int, end: int
) -> tuple[list[dict[str, Any]], str | None]:
    """The points from `first` to `end`, counted through all results, and the next page's token."""
    page = []
    seen = 0
    for result in results:
        begin, count = first - seen, len(result["Values"])
        cut = slice(max(0, begin), max(0, end - seen))
        part = {name: result[name][cut] for name in ("Timestamps", "Values")}
        is_whole = seen + count <= end
        if part["Values"] or (not count and 0 <= seen - first < end - first):
            page.append(result | part | ({} if is_whole else {"StatusCode": "PartialData"}))
        seen += count
    return page, token_of(end) if seen > end else None


def _units(store: MetricStore, query: MetricQuery, times: tuple[float, ...]) -> dict[str, Any]:
    """What AWS says of a metric with several units, where the query names none."""
    metric = query.metric
    if metric is None or metric.unit or not times:
        return {}
    end = times[-1] + metric.period
    found = store.by_unit(identity(metric), times[0], end, end - times[0])
    if len(found) < 2:
        return {}
    named = ", ".join(sorted(unit for _, unit in found))
    return {
        "Messages": [{"Code": "MultipleUnits", "Value": f"Multiple units returned: '[{named}]'"}]
    }


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
