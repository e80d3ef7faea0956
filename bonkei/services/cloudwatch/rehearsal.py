"""The data that would raise an alarm, and the data that would end it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import product
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.grammar.filter_pattern import parse
from bonkei.grammar.filter_pattern.fields import Fields
from bonkei.grammar.filter_pattern.json_pattern import Exists, Is, Leaf, alternatives
from bonkei.grammar.filter_pattern.terms import Terms
from bonkei.services.cloudwatch.alarm.evaluation import COMPARISONS
from bonkei.services.cloudwatch.alarm.points import identity
from bonkei.services.cloudwatch.math.evaluate import Evaluation, Window
from bonkei.services.cloudwatch.math.series import Series
from bonkei.services.cloudwatch.metric.model import MetricId
from bonkei.services.cloudwatch.metric.statistic import percentile_of

Chosen = Mapping[MetricId, tuple[float, float]]
"""A value and its count, for each metric."""

_SCALES = (0.0, 0.01, 0.5, 0.9, 1.0, 1.1, 2.0, 100.0)
_PLAIN = (0.0, 1.0, 50.0, 100.0, 1e6, 1e9, 1e12)
_MOST_METRICS = 3
_COUNT_ABOVE = re.compile(r"TC\(([\d.]+):\)")
_MANY = 2000.0  # samples that are enough for a meaningful percentile


def values(alarm: Alarm, *, bad: bool) -> Chosen | None:
    """The values that make a data point breach, or not breach; None if none was found."""
    if alarm.threshold is None:
        return None
    threshold = alarm.threshold
    breaches = COMPARISONS[alarm.comparison]
    if alarm.metric is not None:
        # 0 is tried first: a sum of several data points does not change by a 0.
        tried = (0.0, threshold + 1, threshold, max(0.0, threshold - 1))
        found = next((v for v in tried if breaches(v, threshold) is bad), None)
        if found is None:
            return None
        return {identity(alarm.metric): _sample(alarm.metric, found)}
    metrics = {query.id: query.metric for query in alarm.queries if query.metric is not None}
    if not 0 < len(metrics) <= _MOST_METRICS:
        return None
    candidates = sorted({*_PLAIN, *(threshold * scale for scale in _SCALES), *_numbers(alarm)})
    for combination in product(candidates, repeat=len(metrics)):
        chosen = dict(zip(metrics, combination, strict=True))
        result = _result(alarm, chosen)
        if result is not None and breaches(result, threshold) is bad:
            return {
                identity(metric): _sample(metric, chosen[name]) for name, metric in metrics.items()
            }
    return None


def _numbers(alarm: Alarm) -> list[float]:
    """Numbers in the expressions. For example, a share of memory is compared with all of the
    memory."""
    found: list[float] = []
    for query in alarm.queries:
        for word in query.expression.replace("(", " ").replace(")", " ").split():
            try:
                number = float(word)
            except ValueError:
                continue
            found += [number * scale for scale in (0.01, 0.5, 1.0)]
    return found


def _result(alarm: Alarm, chosen: Mapping[str, float]) -> float | None:
    names = {query.metric: query.id for query in alarm.queries if query.metric is not None}

    def fetch(metric: Metric) -> Series:
        return Series({0.0: chosen[names[metric]], 60.0: chosen[names[metric]]}, (0.0, 60.0), 60)

    evaluation = Evaluation(alarm.queries, fetch, Window((0.0, 60.0), 60))
    answer = next((query.id for query in alarm.queries if query.returns_data), "")
    try:
        series = evaluation.series(answer)
    except BonkeiError:
        return None
    points = series[0].in_order() if series else []
    return points[-1][1] if points else None


def _sample(metric: Metric, value: float) -> tuple[float, float]:
    if metric.statistic == "SampleCount":
        return 1.0, value
    if above := _COUNT_ABOVE.fullmatch(metric.statistic):
        return (float(above[1]) + 1, value) if value else (0.0, 1.0)
    return value, _MANY if percentile_of(metric.statistic) is not None else 1.0


def record_for(pattern: str) -> str | None:
    """A log record that matches a filter pattern; None if none was found."""
    try:
        parsed = parse(pattern)
    except BonkeiError:
        return None
    content = parsed.content
    if isinstance(content, Terms):
        wanted = [term.text for term in content.terms if not term.sign] or [
            term.text for term in content.terms if term.sign == "?"
        ]
        found = " ".join((*wanted[:1], "rehearsal of an alarm", *wanted[1:]))
    elif isinstance(content, Fields):
        found = " ".join("0" if field.condition is None else "1" for field in content.fields)
    else:
        found = next((r for r in map(_json, alternatives(content)) if parsed.matches(r)), "")
    return found if found and parsed.matches(found) else None


def _json(leaves: tuple[Leaf, ...]) -> str:
    record: dict[str, Any] = {"message": "rehearsal of an alarm"}
    for leaf in leaves:
        if not (isinstance(leaf, Exists) and not leaf.wanted):
            _put(record, leaf.selector.steps, _value(leaf))
    return json.dumps(record)


def _value(leaf: Leaf) -> Any:
    if isinstance(leaf, Is):
        return leaf.value
    if isinstance(leaf, Exists):
        return "here"
    value, operator = leaf.value, leaf.operator
    if value.kind == "number":
        step = {">": 1, "<": -1, "!=": 1}.get(operator, 0)
        return value.number + step
    text = value.text.replace("*", "") or "x"
    return text if operator == "=" else f"not {text}"


def _put(record: dict[str, Any], steps: tuple[str | int, ...], value: Any) -> None:
    """Put a value at a path through objects. A pattern for arrays does not get a record."""
    if any(isinstance(step, int) or step == "*" for step in steps):
        return
    *way, last = map(str, steps)
    for step in way:
        record = record.setdefault(step, {})
        if not isinstance(record, dict):
            return
    record[last] = value
