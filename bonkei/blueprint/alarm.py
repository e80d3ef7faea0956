"""CloudWatch alarms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """`statistic` as CloudWatch writes it, percentiles included (`p99`). `period` in seconds."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = ""
    period: int = 60


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
    """A metric alarm. `metric` or else `queries`. Actions are ARNs.

    `threshold` is None where an anomaly detection band takes its place.
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

    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that the alarm looks at."""
        found = [self.metric, *(query.metric for query in self.queries)]
        return tuple(metric for metric in found if metric is not None)


@dataclass(frozen=True, slots=True)
class CompositeAlarm:
    """An alarm over other alarms; `rule` as CloudWatch writes it."""

    address: str
    arn: str
    name: str
    rule: str
    alarm_actions: tuple[str, ...] = ()
    ok_actions: tuple[str, ...] = ()
