"""Metric filters and the embedded metric format: they turn log events into metrics.

"Configuring metric values for a metric filter",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html "Embedded
metric format specification",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bonkei.base.events import LogEvent
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.grammar.filter_pattern import FilterPattern, FilterPatternError, Match, parse
from bonkei.services.cloudwatch.metric.model import UNITS, Datum, metric_id

_MARK = '"_aws"'
_MOST_VALUES = 100  # of a metric in one record
_MOST_DIMENSIONS = 30
_OLDEST, _NEWEST = 14 * 86_400.0, 2 * 3_600.0  # seconds before and after an event arrives


@dataclass(frozen=True, slots=True)
class _Filter:
    declared: MetricFilter
    pattern: FilterPattern


class MetricFilters:
    """The filters of every log group, and those with a default value to report."""

    def __init__(self, declared: Iterable[MetricFilter] = ()) -> None:
        self._by_group: dict[str, list[_Filter]] = {}
        self.broken: dict[str, str] = {}
        """Filters with a pattern that AWS refuses, and the reason, by address."""
        self._silent: dict[MetricFilter, float] = {}
        self._matched: set[MetricFilter] = set()
        self._late: set[tuple[str, str]] = set()
        self._ended = -math.inf  # the last minute
        for one in declared:
            try:
                pattern = parse(one.pattern)
            except FilterPatternError as error:
                self.broken[one.address] = error.message
                continue
            self._by_group.setdefault(one.log_group_name, []).append(_Filter(one, pattern))

    def read(self, group: str, events: Iterable[LogEvent]) -> Iterator[Datum]:
        """The data that a group's events add to metrics."""
        filters = self._by_group.get(group, ())
        for event in events:
            time = event.timestamp / 1000
            for one in filters:
                match = one.pattern.find(event.message)
                if match is None:
                    self._silent.setdefault(one.declared, time)
                    continue
                self._matched.add(one.declared)
                if time < self._ended:
                    self._late.add((one.declared.namespace, one.declared.metric_name))
                if (found := _datum(one, match, time)) is not None:
                    yield found
            if _MARK in event.message:
                yield from embedded_metrics(event.message, time)

    def defaults(self, now: float) -> Iterator[Datum]:
        """At the end of a minute (`now`), give the default value of each filter that saw events in
        it, but no match. A filter cannot have both dimensions and a default.

        A match of the minute before may have come too late for that minute's evaluation. Behind a
        default value, also of another filter of the metric, no alarm would look at it any more.
        """
        for declared, time in self._silent.items():
            metric_name = (declared.namespace, declared.metric_name)
            if declared in self._matched or metric_name in self._late:
                continue
            if declared.default_value is not None and not declared.dimensions:
                metric = metric_id(declared.namespace, declared.metric_name)
                yield Datum(metric, time, ((declared.default_value, 1.0),), unit=declared.unit)
        self._silent.clear()
        self._matched.clear()
        self._late.clear()
        self._ended = now


def _datum(one: _Filter, match: Match, time: float) -> Datum | None:
    """None if the record lacks the value or a dimension, or the value is not a number."""
    declared = one.declared
    value = _number(match.value(declared.value) if "$" in declared.value else declared.value)
    if value is None:
        return None
    dimensions: dict[str, str] = {}
    for name, selector in declared.dimensions:
        found = match.value(selector)
        if found is None or isinstance(found, dict | list):
            return None
        dimensions[name] = found if isinstance(found, str) else json.dumps(found)
    metric = metric_id(declared.namespace, declared.metric_name, dimensions)
    return Datum(metric, time, ((value, 1.0),), unit=declared.unit)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def embedded_metrics(message: str, received: float) -> Iterator[Datum]:
    """The metrics of a record in the embedded metric format; nothing if the record is invalid."""
    try:
        record = json.loads(message)
        about = record["_aws"]
        time = float(about.get("Timestamp", received * 1000)) / 1000
        directives = about["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return
    if not received - _OLDEST <= time <= received + _NEWEST:  # nor is NaN
        return
    for directive in directives if isinstance(directives, list) else ():
        if isinstance(directive, dict) and isinstance(directive.get("Namespace"), str):
            yield from _of_directive(record, directive, time)


def _of_directive(
    record: dict[str, Any], directive: dict[str, Any], time: float
) -> Iterator[Datum]:
    sets, metrics = directive.get("Dimensions") or [[]], directive.get("Metrics") or []
    if not isinstance(sets, list) or not isinstance(metrics, list):
        return
    for metric in metrics:
        if not isinstance(metric, dict) or not isinstance(metric.get("Name"), str):
            continue
        values = record.get(metric["Name"])
        listed = values if isinstance(values, list) else [values]
        # Unlike a metric filter's, a value in quotation marks is none.
        values = [value for value in listed if not isinstance(value, str)]
        numbers = [number for value in values if (number := _number(value)) is not None]
        if not numbers or len(numbers) > _MOST_VALUES:
            continue
        for names in sets:
            dimensions = _dimensions(record, names)
            if dimensions is not None:
                yield Datum(
                    metric_id(directive["Namespace"], metric["Name"], dimensions),
                    time,
                    tuple((number, 1.0) for number in numbers),
                    unit=metric["Unit"] if metric.get("Unit") in UNITS else "None",
                    resolution=1 if metric.get("StorageResolution") == 1 else 60,
                )


def _dimensions(record: dict[str, Any], names: Any) -> dict[str, str] | None:
    """None if the record lacks one of them."""
    if not isinstance(names, list) or len(names) > _MOST_DIMENSIONS:
        return None
    found = {name: record.get(name) for name in names if isinstance(name, str)}
    if any(not isinstance(value, str | int | float) for value in found.values()):
        return None
    return {name: str(value) for name, value in found.items()}
