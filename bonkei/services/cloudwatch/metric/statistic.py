"""Statistics of a bucket, by CloudWatch's names.

"CloudWatch statistics definitions",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from bonkei.base.errors import BonkeiError
from bonkei.services.cloudwatch.metric.bucket import Bucket

Statistic = Callable[[Bucket], float | None]

SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda bucket: bucket.count,
    "Average": lambda bucket: bucket.total / bucket.count,
    "Sum": lambda bucket: bucket.total,
    "Minimum": lambda bucket: bucket.low,
    "Maximum": lambda bucket: bucket.high,
}
_SHORT = re.compile(r"(p|tm|wm|tc|ts)(\d{1,2}(?:\.\d{0,10})?|100)\Z", re.IGNORECASE)
_RANGE = re.compile(
    r"(TM|WM|PR|TC|TS)\((-?[\d.]+%?)?:(-?[\d.]+%?)?\)\Z",
    re.IGNORECASE,
)
_NAMES = f"{', '.join(SIMPLE)}, p99, tm90, wm90, tc90, ts90, TM(10%:90%), PR(:300), IQM"

Part = tuple[float, float]  # a value, and its count


class StatisticError(BonkeiError):
    """CloudWatch does not have this statistic."""


@lru_cache(maxsize=256)
def statistic(name: str) -> Statistic:
    """The function for a statistic's name. It takes a bucket that is not empty, and returns the
    value. It returns None if the bucket has no distribution because of a statistic set. Raises
    StatisticError."""
    if name in SIMPLE:
        return SIMPLE[name]
    if name.upper() == "IQM":
        return _of_range("TM", 25.0, 75.0, percent=True)
    if found := _SHORT.match(name):
        share = float(found[2])
        if found[1].lower() == "p":
            return lambda bucket: percentile(bucket, share)
        return _of_range(found[1].upper(), 0.0, share, percent=True)
    if (found := _RANGE.match(name)) and (found[2] or found[3]):
        bounds = [bound for bound in (found[2], found[3]) if bound]
        percent = bounds[0].endswith("%")
        if all(bound.endswith("%") is percent for bound in bounds):
            first = float(found[2].rstrip("%")) if found[2] else None
            last = float(found[3].rstrip("%")) if found[3] else None
            return _of_range(found[1].upper(), first, last, percent=percent)
    raise StatisticError(f"`{name}` is not a statistic of CloudWatch", remedy=f"one of {_NAMES}")


def percentile_of(name: str) -> float | None:
    """The share of a percentile's name (99.9 of `p99.9`)."""
    found = _SHORT.match(name)
    return float(found[2]) if found and found[1].lower() == "p" else None


def _parts(bucket: Bucket) -> list[Part] | None:
    if bucket.values is None:
        return [(bucket.low, bucket.count)] if bucket.low == bucket.high else None
    return sorted(bucket.values.items())


def percentile(bucket: Bucket, share: float) -> float | None:
    """Between the two nearest values, in proportion."""
    parts = _parts(bucket)
    if parts is None:
        return None
    place = share / 100 * (bucket.count - 1)
    seen = 0.0
    for index, (value, count) in enumerate(parts):
        seen += count
        if place <= seen - 1:
            return min(max(value, bucket.low), bucket.high)
        if place < seen and index + 1 < len(parts):
            part = place - (seen - 1)
            between = value + (parts[index + 1][0] - value) * part
            return min(max(between, bucket.low), bucket.high)
    return bucket.high


def _of_range(kind: str, first: float | None, last: float | None, *, percent: bool) -> Statistic:
    def within(bucket: Bucket) -> float | None:
        parts = _parts(bucket)
        if parts is None:
            return None
        inside = (
            _by_share(parts, bucket.count, first or 0.0, 100.0 if last is None else last)
            if percent
            else _by_value(parts, first, last)
        )
        count = sum(part[1] for part in inside)
        if kind == "TC":
            return count
        if kind == "PR":
            return count / bucket.count * 100
        total = sum(value * times for value, times in inside)
        if kind == "TS":
            return total
        if not count:
            return None
        if kind == "TM":
            return total / count
        return _winsorized(parts, inside) / bucket.count

    return within


def _by_value(parts: list[Part], first: float | None, last: float | None) -> list[Part]:
    """The lower bound is exclusive, the upper one inclusive."""
    return [
        part
        for part in parts
        if (first is None or part[0] > first) and (last is None or part[0] <= last)
    ]


def _by_share(parts: list[Part], count: float, first: float, last: float) -> list[Part]:
    begin, end = first / 100 * count, last / 100 * count
    found: list[Part] = []
    seen = 0.0
    for value, times in parts:
        inside = min(seen + times, end) - max(seen, begin)
        if inside > 0:
            found.append((value, inside))
        seen += times
    return found


def _winsorized(parts: list[Part], inside: list[Part]) -> float:
    """The sum, with values outside the bounds replaced by the nearest bound."""
    low, high = inside[0][0], inside[-1][0]
    total = sum(value * times for value, times in inside)
    below = sum(times for value, times in parts if value <= low) - inside[0][1]
    if len(inside) == 1:
        return low * sum(times for _, times in parts)
    above = sum(times for value, times in parts if value >= high) - inside[-1][1]
    return total + low * below + high * above
