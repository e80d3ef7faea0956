"""CloudWatch Logs: log groups, and the metrics that are filtered from them."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.use import Use


@dataclass(frozen=True, slots=True)
class LogGroup:
    """`retention` in days, 0 for ever. `writers` are the resources that name it as a destination;
    containers name theirs in their log configuration or environment instead."""

    address: str
    arn: str
    name: str
    retention: int = 0
    kms_key_id: str = ""
    writers: tuple[Use, ...] = ()


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
