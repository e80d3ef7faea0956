"""Whether data points raise an alarm. Pure.

"Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """StateValue of the API."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
_EXTRA = 2


@dataclass(frozen=True, slots=True)
class Criteria:
    """`m` of `n` data points must breach. `missing` is one of TREATMENTS."""

    comparison: str
    threshold: float
    m: int
    n: int
    missing: str = "missing"

    @property
    def evaluation_range(self) -> int:
        """The number of evaluated data points. AWS documents 5 for 3, and says that the number
        varies. Here it is always two more than needed."""
        return self.n + _EXTRA

    def breaches(self, value: float) -> bool:
        """Whether a data point is bad."""
        return COMPARISONS[self.comparison](value, self.threshold)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`used`: the indexes of the deciding points, oldest first. `filled`: how many missing points
    were filled in."""

    state: State
    used: tuple[int, ...] = ()
    filled: int = 0


def evaluate(points: Sequence[float | None], criteria: Criteria, current: State) -> Verdict:
    """The state after `points`. They are oldest first, and as many as the evaluation range has."""
    real = [index for index, value in enumerate(points) if value is not None]
    if len(real) >= criteria.n:
        used = tuple(real[-criteria.n :])
        bad = _bad(points, used, criteria)
        return Verdict(State.ALARM if bad >= criteria.m else State.OK, used)
    used, filled = tuple(real), criteria.n - len(real)
    bad = _bad(points, used, criteria)
    if bad >= criteria.m:
        return Verdict(State.ALARM, used, filled)
    if criteria.missing == "breaching":
        is_bad = bad + filled >= criteria.m
        return Verdict(State.ALARM if is_bad else State.OK, used, filled)
    if criteria.missing == "notBreaching":
        return Verdict(State.OK, used, filled)
    if not used:
        nothing = current if criteria.missing == "ignore" else State.INSUFFICIENT_DATA
        return Verdict(nothing, (), filled)
    if bad < len(used):
        return Verdict(State.OK, used, filled)
    return Verdict(_of_bad_only(len(points) - used[0], criteria, current), used, filled)


def _of_bad_only(age: int, criteria: Criteria, current: State) -> State:
    """The state when every real point is bad, but the points are too few. "Avoiding premature
    transitions to alarm state": the oldest is `age` points old, and must be as old as M."""
    if criteria.missing == "missing" and age >= criteria.m:
        return State.ALARM
    return current


def _bad(points: Sequence[float | None], used: Sequence[int], criteria: Criteria) -> int:
    values = (points[index] for index in used)
    return sum(value is not None and criteria.breaches(value) for value in values)
