"""PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError, seconds
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import page_of
from bonkei.services.cloudwatch.api.metric_data import metric_data
from bonkei.services.cloudwatch.api.periods import require_period, starts
from bonkei.services.cloudwatch.api.spelling import (
    Parameters,
    dimensions,
    invalid,
    unit_of,
)
from bonkei.services.cloudwatch.metric.model import Datum, MetricId
from bonkei.services.cloudwatch.metric.statistic import statistic
from bonkei.services.cloudwatch.monitor import Monitor

_PAGE = 500
_MOST_POINTS = 1440  # of GetMetricStatistics
_MOST_DATA = 1000  # of a call
_TWO_WEEKS = 14 * 86400
_TWO_HOURS = 7200
_RECENTLY = 3 * 3600
_MOST_VALUES = 150
_MOST_DIMENSIONS = 30


class DataOperations:
    """The operations on the monitor's metrics."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    async def put_metric_data(self, call: AwsCall) -> Mapping[str, Any]:
        """Stores all data of a call, or nothing if one datum is invalid."""
        namespace = call.parameters["Namespace"]
        if namespace.startswith("AWS/"):
            raise invalid("The value AWS/ for parameter Namespace is invalid: it is AWS's own.")
        listed = list(call.parameters.get("MetricData") or ())
        for entity in call.parameters.get("EntityMetricData") or ():
            listed.extend(entity.get("MetricData") or ())
        if len(listed) > _MOST_DATA:
            raise invalid(
                f"The collection MetricData must not have a size greater than {_MOST_DATA}."
            )
        for datum in [_datum(namespace, *one, call.time) for one in enumerate(listed, 1)]:
            self._monitor.put(datum)
        return {}

    async def get_metric_data(self, call: AwsCall) -> Mapping[str, Any]:
        return metric_data(self._monitor.store, call.parameters, call.time)

    async def get_metric_statistics(self, call: AwsCall) -> Mapping[str, Any]:
        """ "The maximum number of data points returned from a single call is
        1,440", and data of each unit is told apart."""
        parameters = call.parameters
        names = list(parameters.get("Statistics") or ())
        extended = list(parameters.get("ExtendedStatistics") or ())
        if not names and not extended:
            raise AwsServiceError(
                "InvalidParameterCombination",
                "At least one of the parameters Statistics and ExtendedStatistics is needed.",
            )
        period = int(parameters["Period"])
        require_period(period)
        begin, end = seconds(parameters["StartTime"]), seconds(parameters["EndTime"])
        if begin >= end:
            raise invalid("The parameter StartTime must be less than the parameter EndTime.")
        if (asked := math.ceil((end - begin) / period)) > _MOST_POINTS:
            raise AwsServiceError(
                "InvalidParameterCombination",
                f"You have requested up to {asked} datapoints, which exceeds the limit of"
                f" {_MOST_POINTS}. You may reduce the datapoints requested by increasing Period,"
                " or decreasing the time range.",
            )
        # A begin that is rounded down makes one period more than were asked for.
        times = starts(begin, end, period, call.time)[:_MOST_POINTS]
        metric = MetricId(
            parameters["Namespace"],
            parameters["MetricName"],
            dimensions(parameters.get("Dimensions")),
        )
        wanted = unit_of(parameters)
        points = []
        found = self._monitor.store.by_unit(metric, times[0], times[-1] + period, period)
        for (number, unit), bucket in sorted(found.items()):
            if not bucket.count or wanted not in ("", unit):
                continue
            point: dict[str, Any] = {"Timestamp": times[number], "Unit": unit}
            point |= {name: statistic(name)(bucket) for name in names}
            values = {name: _checked(name)(bucket) for name in extended}
            point["ExtendedStatistics"] = {n: v for n, v in values.items() if v is not None} or None
            points.append(point)
        return {"Label": metric.name, "Datapoints": points}

    async def list_metrics(self, call: AwsCall) -> Mapping[str, Any]:
        """Those that had data within two weeks."""
        parameters = call.parameters
        found = [metric for metric in self._monitor.store.metrics() if _fits(metric, parameters)]
        if parameters.get("RecentlyActive"):
            since = call.time - _RECENTLY
            found = [metric for metric in found if self._monitor.store.last(metric) >= since]
        found.sort(key=lambda metric: (metric.namespace, metric.name, metric.dimensions))
        listed = [
            {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": n, "Value": v} for n, v in metric.dimensions],
            }
            for metric in found
        ]
        return page_of(call, "Metrics", listed, _PAGE, "InvalidParameterValue")


def _checked(name: str) -> Any:
    try:
        return statistic(name)
    except BonkeiError as error:
        raise invalid(error.message) from None


def _fits(metric: MetricId, parameters: Parameters) -> bool:
    wanted = parameters.get("Namespace")
    name = parameters.get("MetricName")
    own = dict(metric.dimensions)
    return (
        (wanted is None or metric.namespace == wanted)
        and (name is None or metric.name == name)
        and all(
            one["Name"] in own and one.get("Value") in (None, own[one["Name"]])
            for one in parameters.get("Dimensions") or ()
        )
    )


def _datum(namespace: str, number: int, one: Mapping[str, Any], now: float) -> Datum:
    place = f"MetricData.member.{number}"
    time = seconds(one["Timestamp"]) if one.get("Timestamp") is not None else now
    if not now - _TWO_WEEKS <= time <= now + _TWO_HOURS:
        raise invalid(
            f"The parameter {place}.Timestamp must be within the last two weeks and the"
            " next two hours."
        )
    pairs = dimensions(one.get("Dimensions"))
    if len(pairs) > _MOST_DIMENSIONS:
        raise invalid(f"A metric has {_MOST_DIMENSIONS} dimensions at most.")
    metric = MetricId(namespace, one["MetricName"], pairs)
    unit = unit_of(one) or "None"
    for first, second in (("Value", "Values"), ("Value", "StatisticValues")):
        if one.get(first) is not None and one.get(second):
            raise AwsServiceError(
                "InvalidParameterCombination",
                f"The parameters {place}.{first} and {place}.{second} are"
                " mutually exclusive and you have specified both.",
            )
    resolution = 1 if one.get("StorageResolution") == 1 else 60
    if (given := one.get("StatisticValues")) is not None:
        names = ("SampleCount", "Sum", "Minimum", "Maximum")
        count, total, low, high = (float(given[name]) for name in names)
        if not all(map(math.isfinite, (count, total, low, high))):
            raise invalid("A statistic set holds numbers only.")
        return Datum(metric, time, (), count, total, low, high, unit, resolution)
    values = tuple(_values(one, place))
    if not values:
        raise AwsServiceError(
            "MissingParameter", f"{place} has no Value, no Values and no StatisticValues."
        )
    if len(values) > _MOST_VALUES:
        raise invalid(f"A datum has {_MOST_VALUES} values at most.")
    return Datum(metric, time, values, unit=unit, resolution=resolution)


def _values(one: Mapping[str, Any], place: str) -> Iterator[tuple[float, float]]:
    values = one.get("Values") or ([one["Value"]] if one.get("Value") is not None else [])
    counts = one.get("Counts") or [1.0] * len(values)
    if len(counts) != len(values):
        raise invalid(f"The parameters {place}.Values and {place}.Counts must be of the same size.")
    for value, count in zip(values, counts, strict=True):
        if not math.isfinite(value):
            raise invalid(f"The value {value} for parameter Value is not a number.")
        yield float(value), float(count)
