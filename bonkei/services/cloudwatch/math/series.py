"""Time series, and arithmetic between series and numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bonkei.services.cloudwatch.math.expression import ExpressionError


@dataclass(frozen=True, slots=True)
class Series:
    """`points` are keyed by the start of their period in Unix seconds; a missing point has no key.
    `times` are all starts of the window, in order."""

    points: Mapping[float, float]
    times: tuple[float, ...]
    period: float
    label: str = ""

    def mapped(self, change: Callable[[float], float | None]) -> Series:
        """Each point changed; None takes it away."""
        changed = {time: change(value) for time, value in self.points.items()}
        return self.with_points({t: v for t, v in changed.items() if v is not None})

    def with_points(self, points: Mapping[float, float]) -> Series:
        """The same window with other points."""
        return Series(points, self.times, self.period, self.label)

    def in_order(self) -> list[tuple[float, float]]:
        """The points, oldest first."""
        return sorted(self.points.items())


SeriesList = tuple[Series, ...]
Value = float | str | Series | SeriesList


def _power(left: float, right: float) -> float | None:
    try:
        result = left**right
    except (ZeroDivisionError, OverflowError):
        return None
    return result if isinstance(result, float) else None  # a complex number is not a data point


_OPERATIONS: dict[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else None,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "&&": lambda left, right: float(bool(left) and bool(right)),
    "||": lambda left, right: float(bool(left) or bool(right)),
}


def operate(symbol: str, left: Value, right: Value) -> Value:
    """Point by point. Two series have only their common points. A division by zero gives no
    data."""
    if isinstance(left, str) or isinstance(right, str):
        raise ExpressionError(f"`{symbol}` does not take a text")
    if isinstance(left, tuple) or isinstance(right, tuple):
        return _of_lists(symbol, left, right)
    change = _OPERATIONS[symbol]
    if isinstance(left, Series) and isinstance(right, Series):
        points = {
            time: result
            for time, value in left.points.items()
            if time in right.points and (result := change(value, right.points[time])) is not None
        }
        return left.with_points(points)
    if isinstance(left, Series):
        assert isinstance(right, float)  # noqa: S101 - the other kinds are above
        number = right
        return left.mapped(lambda value: change(value, number))
    if isinstance(right, Series):
        number = left
        return right.mapped(lambda value: change(number, value))
    result = change(left, right)
    if result is None:
        raise ExpressionError("a number is divided by zero")
    return float(result)


def _of_lists(symbol: str, left: Value, right: Value) -> SeriesList:
    """Combines two lists of the same length, or each element of a list with the same other
    value."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            raise ExpressionError(f"`{symbol}` of lists with {len(left)} and {len(right)} series")
        pairs = list(zip(left, right, strict=True))
    elif isinstance(left, tuple):
        return tuple(_series(operate(symbol, one, right)) for one in left)
    else:
        assert isinstance(right, tuple)  # noqa: S101 - one of them is
        return tuple(_series(operate(symbol, left, one)) for one in right)
    return tuple(_series(operate(symbol, one, other)) for one, other in pairs)


def _series(value: Value) -> Series:
    if not isinstance(value, Series):
        raise ExpressionError("a list holds time series only")
    return value
