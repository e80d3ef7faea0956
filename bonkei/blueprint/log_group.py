"""CloudWatch Logs: log groups, and the metrics that are filtered from them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogGroup:
    """`retention` in days, 0 for ever."""

    address: str
    arn: str
    name: str
    retention: int = 0
    kms_key_id: str = ""


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Each matching record adds `value` to the metric (a number, or a field such as `$.bytes`)."""

    address: str
    name: str
    log_group_name: str
    pattern: str
    namespace: str
    metric_name: str
    value: str
    default_value: float | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    unit: str = "None"
