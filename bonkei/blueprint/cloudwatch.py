"""CloudWatch alarms.

Read from aws_cloudwatch_metric_alarm and aws_cloudwatch_composite_alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.tags import read_tags


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric. `statistic` is spelled as in CloudWatch, percentiles included (`p99`). `period` is
    in seconds. With a `unit`, only data of that unit counts."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = ""
    period: int = 60
    unit: str = ""


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """A term of metric math: either a metric or an expression over other terms."""

    id: str
    metric: Metric | None = None
    expression: str = ""
    label: str = ""
    returns_data: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm. It has `metric` or `queries`. Actions are ARNs.

    `threshold` is None if an anomaly detection band takes its place. `unset`: the settings that
    were not given, by their names in the API; their values here are the usual ones.
    """

    address: str
    arn: str
    name: str
    comparison: str
    threshold: float | None
    evaluation_periods: int
    datapoints_to_alarm: int
    metric: Metric | None = None
    queries: tuple[MetricQuery, ...] = ()
    treat_missing_data: str = "missing"
    actions_enabled: bool = True
    alarm_actions: tuple[str, ...] = ()
    ok_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()
    description: str = ""
    low_samples: str = "evaluate"  # of a percentile: evaluate | ignore
    unset: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()

    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that the alarm looks at."""
        found = [self.metric, *(query.metric for query in self.queries)]
        return tuple(metric for metric in found if metric is not None)


@dataclass(frozen=True, slots=True)
class CompositeAlarm:
    """An alarm over other alarms. `rule` is in CloudWatch's language."""

    address: str
    arn: str
    name: str
    rule: str
    alarm_actions: tuple[str, ...] = ()
    ok_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()
    actions_enabled: bool = True
    description: str = ""
    suppressor: str = ""  # an alarm's name or ARN; while it is in ALARM, no actions run
    wait: float = 0.0  # seconds that the suppressor has to go to ALARM
    extension: float = 0.0  # seconds without actions after the suppressor's ALARM
    tags: tuple[tuple[str, str], ...] = ()


def read_alarms(state: State) -> tuple[Alarm, ...]:
    """Every metric alarm."""
    return tuple(_alarm(block) for block in state.managed("aws_cloudwatch_metric_alarm"))


def read_composite_alarms(state: State) -> tuple[CompositeAlarm, ...]:
    """Every composite alarm."""
    return tuple(
        block.read(
            CompositeAlarm,
            name=block.text("alarm_name"),
            rule=block.text("alarm_rule"),
            alarm_actions=tuple(sorted(block.texts("alarm_actions"))),
            ok_actions=tuple(sorted(block.texts("ok_actions"))),
            insufficient_data_actions=tuple(sorted(block.texts("insufficient_data_actions"))),
            description=block.text("alarm_description", ""),
            tags=tuple(read_tags(block).items()),
            **_suppressor(block),
        )
        for block in state.managed("aws_cloudwatch_composite_alarm")
    )


def _alarm(block: Resource) -> Alarm:
    periods = block.integer("evaluation_periods")
    by_band = block.has("threshold_metric_id")
    return block.read(
        Alarm,
        name=block.text("alarm_name"),
        comparison=block.text("comparison_operator"),
        threshold=None if by_band else block.number("threshold", 0),
        evaluation_periods=periods,
        datapoints_to_alarm=block.integer("datapoints_to_alarm", 0) or periods,
        metric=_metric(block) if block.has("metric_name") else None,
        queries=tuple(sorted(map(_query, block.blocks("metric_query")), key=lambda q: q.id)),
        alarm_actions=tuple(sorted(block.texts("alarm_actions"))),
        ok_actions=tuple(sorted(block.texts("ok_actions"))),
        insufficient_data_actions=tuple(sorted(block.texts("insufficient_data_actions"))),
        description=block.text("alarm_description", ""),
        low_samples=block.text("evaluate_low_sample_count_percentiles", "evaluate"),
        tags=tuple(read_tags(block).items()),
        unset=() if block.integer("datapoints_to_alarm", 0) else ("DatapointsToAlarm",),
    )


def _suppressor(block: Resource) -> dict[str, Any]:
    inner = block.block("actions_suppressor")
    if inner is None:
        return {}
    return {
        "suppressor": inner.text("alarm", ""),
        "wait": inner.number("wait_period", 0),
        "extension": inner.number("extension_period", 0),
    }


def _query(block: Block) -> MetricQuery:
    metric = block.block("metric")
    return block.read(
        MetricQuery,
        metric=_metric(metric) if metric else None,
        returns_data=block.flag("return_data"),
    )


def _metric(block: Block) -> Metric:
    """Read a metric. An alarm's and a query's metric differ only in the names of their
    statistic."""
    statistics = ("statistic", "extended_statistic", "stat")
    return block.read(
        Metric,
        namespace=block.text("namespace", ""),
        name=block.text("metric_name"),
        dimensions=block.pairs("dimensions"),
        statistic=next((block.text(name) for name in statistics if block.has(name)), ""),
    )
