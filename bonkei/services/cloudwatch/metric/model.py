"""A metric's identity, and one datum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Dimensions = tuple[tuple[str, str], ...]
UNITS = (
    *("Megabits", "Terabits", "Gigabits", "Count", "Bytes", "Gigabytes", "Gigabytes/Second"),
    *("Kilobytes", "Kilobits/Second", "Terabytes", "Terabits/Second", "Bytes/Second", "Percent"),
    *("Megabytes", "Megabits/Second", "Milliseconds", "Microseconds", "Kilobytes/Second"),
    *("Gigabits/Second", "Megabytes/Second", "Bits", "Bits/Second", "Count/Second", "Seconds"),
    *("Kilobits", "Terabytes/Second", "None"),
)
"""StandardUnit of the API. A reader who names no unit gets the data of the first one that occurs,
in this order, which was seen on AWS and is not documented."""


@dataclass(frozen=True, slots=True)
class MetricId:
    """A metric is identified by its namespace, its name and all its dimensions, in order of their
    names. Its data is kept apart by unit."""

    namespace: str
    name: str
    dimensions: Dimensions = ()

    def __str__(self) -> str:
        dimensions = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name}" + (f" ({dimensions})" if dimensions else "")


def metric_id(namespace: str, name: str, dimensions: Mapping[str, str] | None = None) -> MetricId:
    """The identity of a metric. The order of the given dimensions does not matter."""
    return MetricId(namespace, name, tuple(sorted((dimensions or {}).items())))


@dataclass(frozen=True, slots=True)
class Datum:
    """A datum of PutMetricData: `values` and how often each occurred, or else a statistic set
    (`count`, `total`, `low`, `high`). A statistic set has no distribution. `time` in Unix seconds;
    `resolution` is 60, or 1 for a high-resolution metric."""

    metric: MetricId
    time: float
    values: tuple[tuple[float, float], ...] = ()
    count: float = 0.0
    total: float = 0.0
    low: float = 0.0
    high: float = 0.0
    unit: str = "None"
    resolution: int = 60


def datum(metric: MetricId, time: float, value: float, unit: str = "None") -> Datum:
    """A datum with a single value."""
    return Datum(metric, time, ((value, 1.0),), unit=unit)
