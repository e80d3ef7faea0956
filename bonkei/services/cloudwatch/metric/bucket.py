"""The data of one metric, of one unit, in one period."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bonkei.services.cloudwatch.metric.model import Datum

MOST_VALUES = 200
"""Distinct values that are kept exactly. Beyond this number, values are kept within 1 %, and beyond
ten times as many not at all: then a period has no percentiles."""
_WIDTH = math.log(1.01)


class Bucket:
    """An accumulator. `values` counts each value. None: a statistic set was added, so the values
    are unknown."""

    __slots__ = ("count", "high", "is_coarse", "low", "total", "unit", "values")

    def __init__(self, unit: str = "None") -> None:
        self.count = 0.0
        self.total = 0.0
        self.low = math.inf
        self.high = -math.inf
        self.values: dict[float, float] | None = {}
        self.is_coarse = False
        self.unit = unit

    def add(self, datum: Datum) -> None:
        """Add one datum."""
        if not datum.values:
            self._add_set(datum.count, datum.total, datum.low, datum.high)
            return
        for value, count in datum.values:
            self.count += count
            self.total += value * count
            self.low = min(self.low, value)
            self.high = max(self.high, value)
        if self.values is not None:
            self._keep(datum.values)

    def merge(self, other: Bucket) -> None:
        """Add everything in another bucket."""
        if not other.count:
            return
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        if other.values is None:
            self.values = None
        elif self.values is not None:
            self._keep(other.values.items())

    def _add_set(self, count: float, total: float, low: float, high: float) -> None:
        """ "Percentiles": a statistic set has one only if all its values are equal."""
        if count <= 0:
            return
        self.count += count
        self.total += total
        self.low = min(self.low, low)
        self.high = max(self.high, high)
        if low == high and self.values is not None:
            self._keep(((low, count),))
        else:
            self.values = None

    def _keep(self, values: Iterable[tuple[float, float]]) -> None:
        kept = self.values
        assert kept is not None  # noqa: S101 - the callers looked
        for value, count in values:
            near = _rounded(value) if self.is_coarse else value
            kept[near] = kept.get(near, 0.0) + count
        if len(kept) > MOST_VALUES and not self.is_coarse:
            self.is_coarse = True  # from now on each new value is rounded
            coarse: dict[float, float] = {}
            for value, count in kept.items():
                near = _rounded(value)
                coarse[near] = coarse.get(near, 0.0) + count
            self.values = kept = coarse
        if len(kept) > 10 * MOST_VALUES:
            self.values = None


def _rounded(value: float) -> float:
    """A number within 1 % of the value. Rounding a result again does not change it."""
    if value == 0 or not math.isfinite(value):
        return value
    return math.copysign(math.exp(round(math.log(abs(value)) / _WIDTH) * _WIDTH), value)
