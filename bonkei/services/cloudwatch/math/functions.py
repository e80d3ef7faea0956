"""The functions of metric math.

"Metric math syntax and functions",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from bonkei.services.cloudwatch.math.expression import ExpressionError
from bonkei.services.cloudwatch.math.series import Series, Value

Reduction = Callable[[Sequence[float]], float]
WORDS = ("REPEAT", "LINEAR", "ASC", "DESC")


def _deviation(values: Sequence[float]) -> float:
    from statistics import pstdev  # noqa: PLC0415 - it brings exact fractions, and is seldom wanted

    return float(pstdev(values))


_EACH: dict[str, Callable[[float], float | None]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": lambda value: math.log(value) if value > 0 else None,
    "LOG10": lambda value: math.log10(value) if value > 0 else None,
}
_REDUCTIONS: dict[str, Reduction] = {
    "AVG": lambda values: math.fsum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
    "STDDEV": _deviation,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
_CALENDAR: dict[str, Callable[[datetime], float]] = {
    "EPOCH": lambda moment: moment.timestamp(),
    "YEAR": lambda moment: float(moment.year),
    "MONTH": lambda moment: float(moment.month),
    "DATE": lambda moment: float(moment.day),
    "DAY": lambda moment: float(moment.isoweekday()),
    "HOUR": lambda moment: float(moment.hour),
    "MINUTE": lambda moment: float(moment.minute),
}


def call(name: str, arguments: Sequence[Value]) -> Value:
    """The result of a function. Raises ExpressionError if the function does not exist or does not
    take these arguments."""
    try:
        if name in _EACH:
            return _each(_EACH[name], *arguments)
        if name in _REDUCTIONS:
            return _reduced(name, *arguments)
        if name in _CALENDAR:
            return _calendar(_CALENDAR[name], *arguments)
        if name in _OTHERS:
            return _OTHERS[name](*arguments)
    except TypeError:
        raise ExpressionError(f"{name} does not take these {len(arguments)} arguments") from None
    known = ", ".join(sorted({*_EACH, *_REDUCTIONS, *_CALENDAR, *_OTHERS, "METRICS"}))
    raise ExpressionError(f"{name} is not a function of metric math", remedy=f"one of {known}")


def _each(change: Callable[[float], float | None], value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(one.mapped(change) for one in value)
    if isinstance(value, Series):
        return value.mapped(change)
    if isinstance(value, str):
        raise TypeError
    changed = change(value)
    if changed is None:
        raise ExpressionError(f"the logarithm of {value:g}")
    return float(changed)


def _reduced(name: str, value: Value) -> Value:
    """Reduces one series to a number, or several series to one series."""
    reduce = _REDUCTIONS[name]
    if isinstance(value, Series):
        if not value.points and name != "DATAPOINT_COUNT":
            return value  # without data there is no result either
        return float(reduce(list(value.points.values())))
    if not isinstance(value, tuple):
        raise TypeError
    if not value:
        raise ExpressionError(f"{name} of no metric")
    times = sorted({time for one in value for time in one.points})
    points = {
        time: float(reduce([one.points[time] for one in value if time in one.points]))
        for time in times
    }
    return value[0].with_points(points)


def _of_each(value: Value, change: Callable[[Series], Series]) -> Value:
    if isinstance(value, tuple):
        return tuple(change(one) for one in value)
    if not isinstance(value, Series):
        raise TypeError
    return change(value)


def _calendar(read: Callable[[datetime], float], value: Value) -> Value:
    def change(series: Series) -> Series:
        return series.with_points(
            {time: read(datetime.fromtimestamp(time, UTC)) for time in series.times}
        )

    return _of_each(value, change)


def _between(value: Value, change: Callable[[float, float], float | None]) -> Value:
    """Computes each point from its change since the point before, and the seconds between them."""

    def changed(series: Series) -> Series:
        found = series.in_order()
        points = {}
        for (before, old), (time, new) in itertools.pairwise(found):
            if (result := change(new - old, time - before)) is not None:
                points[time] = result
        return series.with_points(points)

    return _of_each(value, changed)


def _running_sum(value: Value) -> Value:
    def change(series: Series) -> Series:
        total, points = 0.0, {}
        for time, one in series.in_order():
            total += one
            points[time] = total
        return series.with_points(points)

    return _of_each(value, change)


def _fill(value: Value, by: Value) -> Value:
    def change(series: Series) -> Series:
        return series.with_points(_filled(series, by))

    return _of_each(value, change)


def _filled(series: Series, by: Value) -> dict[float, float]:
    if by == "REPEAT":
        points: dict[float, float] = {}
        last: float | None = None
        for time in series.times:
            last = series.points.get(time, last)
            if last is not None:
                points[time] = last
        return points
    if by == "LINEAR":
        return _interpolated(series)
    if isinstance(by, Series):
        return {**by.points, **series.points}
    if not isinstance(by, float):
        raise TypeError
    return {time: series.points.get(time, by) for time in series.times}


def _interpolated(series: Series) -> dict[float, float]:
    found = series.in_order()
    points = dict(series.points)
    for (before, old), (after, new) in itertools.pairwise(found):
        for time in series.times:
            if before < time < after:
                points[time] = old + (new - old) * (time - before) / (after - before)
    return points


def _if(condition: Value, then: Value, otherwise: Value | None = None) -> Value:
    if isinstance(condition, float):
        if condition:
            return then
        if otherwise is None:
            raise ExpressionError("IF with a number needs a third argument")
        return otherwise
    if not isinstance(condition, Series):
        raise TypeError
    points = {}
    for time, value in condition.points.items():
        chosen = _at(then if value else otherwise, time)
        if chosen is not None:
            points[time] = chosen
    return condition.with_points(points)


def _at(value: Value | None, time: float) -> float | None:
    if value is None or isinstance(value, float):
        return value
    if not isinstance(value, Series):
        raise TypeError
    return value.points.get(time)


def _list(value: Value) -> tuple[Series, ...]:
    if not isinstance(value, tuple):
        raise TypeError
    return value


def _one_of(value: Value, place: int) -> Value:
    found = _list(value)
    if not found:
        raise ExpressionError("there is no metric to take the first or last of")
    return found[place]


def _slice(value: Value, begin: Value, end: Value | None = None) -> Value:
    if not isinstance(begin, float) or isinstance(end, str | Series | tuple):
        raise TypeError
    found = _list(value)
    if end is None:
        return found[int(begin)] if int(begin) < len(found) else ()
    return found[int(begin) : int(end)]


def _sort(value: Value, by: Value, order: Value, most: Value | None = None) -> Value:
    if by not in _REDUCTIONS or order not in ("ASC", "DESC"):
        raise ExpressionError("SORT takes AVG, MAX, MIN, SUM or STDDEV, and ASC or DESC")
    reduce = _REDUCTIONS[str(by)]
    found = sorted(
        _list(value),
        key=lambda one: reduce(list(one.points.values())) if one.points else -math.inf,
        reverse=order == "DESC",
    )
    return tuple(found[: int(most)] if isinstance(most, float) else found)


def _period(value: Value) -> Value:
    if not isinstance(value, Series):
        raise TypeError
    return float(value.period)


def every(found: Iterable[tuple[str, Value]], containing: str = "") -> Value:
    """METRICS(): the request's metrics with the text in their id."""
    return tuple(one for name, one in found if containing in name and isinstance(one, Series))


_OTHERS: dict[str, Callable[..., Value]] = {
    "DIFF": lambda value: _between(value, lambda change, _: change),
    "DIFF_TIME": lambda value: _between(value, lambda _, seconds: seconds),
    "RATE": lambda value: _between(
        value, lambda change, seconds: change / seconds if seconds else None
    ),
    "RUNNING_SUM": _running_sum,
    "FILL": _fill,
    "FIRST": lambda value: _one_of(value, 0),
    "LAST": lambda value: _one_of(value, -1),
    "IF": _if,
    "METRIC_COUNT": lambda value: float(len(_list(value))),
    "PERIOD": _period,
    "REMOVE_EMPTY": lambda value: tuple(one for one in _list(value) if one.points),
    "SLICE": _slice,
    "SORT": _sort,
}
