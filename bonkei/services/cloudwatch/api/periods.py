"""The periods of a request for data. Pure."""

from __future__ import annotations

import math

from bonkei.services.cloudwatch.api.spelling import invalid
from bonkei.services.cloudwatch.metric.store import RESOLUTIONS

_SHORT = (1, 5, 10, 20, 30)


def require_period(period: int) -> None:
    """Raises AwsServiceError for a period that CloudWatch does not know."""
    if period not in _SHORT and (period <= 0 or period % 60):
        raise invalid(f"The value {period} for parameter Period is invalid.")


def first_start(begin: float, period: float, now: float) -> float:
    """ "CloudWatch rounds the specified time stamp": down to the minute, and for old data to five
    minutes or to the hour; for a period of seconds, to that."""
    if period < 60:
        return math.floor(begin / period) * period
    length = next((length for length, age in RESOLUTIONS if begin >= now - age), 3600)
    return float(math.floor(begin / length) * length)


def how_many(begin: float, end: float, period: float, now: float) -> int:
    """The number of `starts`, without making them: those from the year 1 to the year 9999 would not
    fit into memory."""
    return max(0, math.ceil((end - first_start(begin, period, now)) / period))


def starts(begin: float, end: float, period: float, now: float) -> tuple[float, ...]:
    """When the periods start, the first one at the rounded begin."""
    first = first_start(begin, period, now)
    return tuple(first + period * number for number in range(how_many(begin, end, period, now)))
