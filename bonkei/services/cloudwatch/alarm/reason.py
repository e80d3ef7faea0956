"""CloudWatch's texts for the reason of an alarm's change.

Copied from its published messages ("StateReason" of DescribeAlarms).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite

from bonkei.blueprint.cloudwatch import Alarm
from bonkei.services.cloudwatch.alarm.evaluation import Criteria, State, Verdict
from bonkei.services.cloudwatch.alarm.points import Points, period_of

INITIAL = "Unchecked: Initial alarm creation"
_PHRASES = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def reason(
    verdict: Verdict,
    values: Sequence[float | None],
    starts: Sequence[float],
    criteria: Criteria,
    before: State,
    *,
    counts: bool = True,
) -> str:
    """StateReason of a change from `before`. `starts`: when the period of each point started.
    `counts`: the alarm says how many points raise it, so the reason says it, too."""
    if verdict.state is State.INSUFFICIENT_DATA:
        unknown = verdict.filled
        return f"Insufficient Data: {_count(unknown, 'datapoint')} {_were(unknown)} unknown."
    treated = _TREATED.get(criteria.missing, "")
    if not verdict.used:
        periods, points = _count(criteria.n, "period"), _count(criteria.n, "missing datapoint")
        return (
            f"Threshold Crossed: no datapoints were received for {periods} and {points}"
            f" {_were(criteria.n)} treated as [{treated}]."
        )
    is_alarm = verdict.state is State.ALARM
    wanted = [
        index
        for index in verdict.used
        if (value := values[index]) is not None and criteria.breaches(value) is is_alarm
    ] or list(verdict.used)
    listed = ", ".join(_point(values[index], starts[index]) for index in reversed(wanted))
    last = f"{len(wanted)} out of the last {_count(criteria.n, 'datapoint')}"
    text = (
        f"Threshold Crossed: {last if counts else _count(len(wanted), 'datapoint')}"
        f" [{listed}] {_were(len(wanted))}{'' if is_alarm else ' not'}"
        f" {_PHRASES[criteria.comparison]} the threshold ({number(criteria.threshold)})"
    )
    if verdict.filled and treated:
        filled = _count(verdict.filled, "missing datapoint")
        text += f" and {filled} {_were(verdict.filled)} treated as [{treated}]"
    if not counts:
        return f"{text}."
    least = criteria.m if is_alarm else criteria.n - criteria.m + 1
    least_text = _count(least, "datapoint")
    return f"{text} (minimum {least_text} for {before} -> {verdict.state} transition)."


def _point(value: float | None, start: float) -> str:
    moment = datetime.fromtimestamp(start, UTC).strftime("%d/%m/%y %H:%M:%S")
    return f"{number(0.0 if value is None else value)} ({moment})"


def number(value: float) -> str:
    """A number as CloudWatch writes it, which is Java's way: 0.5, but 5.0E-5, and 1.25E7."""
    text = repr(float(value))
    size = abs(value)
    if not size or 1e-3 <= size < 1e7 or not isfinite(size):
        return text
    mantissa, _, exponent = text.partition("e")
    whole, _, part = mantissa.lstrip("-").partition(".")
    digits = f"{whole}{part}"
    first = len(digits) - len(digits.lstrip("0"))
    power = int(exponent or 0) + len(whole) - 1 - first
    digits = digits[first:].rstrip("0") or "0"
    return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:] or '0'}E{power}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def reason_data(alarm: Alarm, points: Points, verdict: Verdict, now: float) -> str:
    """StateReasonData, as CloudWatch writes it: also the periods that had no data."""
    found: dict[str, object] = {
        "version": "1.0",
        "queryDate": _iso(now),
        "startDate": _iso(points.starts[verdict.used[0]]) if verdict.used else None,
        "unit": (alarm.metric.unit or None) if alarm.metric else None,
        "statistic": alarm.metric.statistic if alarm.metric else None,
        "period": period_of(alarm),
        "recentDatapoints": [points.values[index] for index in verdict.used],
        "threshold": alarm.threshold,
    }
    missing = [index for index, value in enumerate(points.values) if value is None]
    filled = missing[-verdict.filled :] if verdict.filled else []
    evaluated = [
        {
            "timestamp": _iso(start := points.starts[index]),
            **({"sampleCount": points.counts[start]} if start in points.counts else {}),
            **({"value": value} if (value := points.values[index]) is not None else {}),
        }
        for index in sorted((*verdict.used, *filled), reverse=True)
    ]
    return json.dumps(
        {name: value for name, value in found.items() if value is not None}
        | {"evaluatedDatapoints": evaluated}
    )


def triggering(arn: str, value: State, since: float) -> str:
    """StateReasonData of a composite alarm: the alarm by whose change it has changed."""
    found = {"arn": arn, "state": {"value": value, "timestamp": _iso(since)}}
    return json.dumps({"triggeringAlarms": [found]})


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
