"""The operators and functions of expressions, as functions of values. None stands for a field that
is not there, and for a result that cannot be had.

"Boolean, comparison, numeric, datetime, and other functions",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

from __future__ import annotations

import ipaddress
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bonkei.grammar.insights.values import Moment, Value, compared, is_true, number, text

UNITS: Mapping[str, str] = {
    **dict.fromkeys(("ms", "msec"), "ms"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("mo", "mon", "month", "months"), "mo"),
    **dict.fromkeys(("q", "qtr", "quarter", "quarters"), "q"),
    **dict.fromkeys(("y", "yr", "year", "years"), "y"),
}
_SPANS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_MANY = 100
_LONGEST = 1_000_000  # characters of a text that a function makes


@dataclass(frozen=True, slots=True)
class Function:
    """`arguments`: the fewest and the most."""

    arguments: tuple[int, int]
    apply: Callable[..., Value]


def _numeric(function: Callable[..., int | float]) -> Callable[..., Value]:
    def apply(*values: Value) -> Value:
        numbers = [number(value) for value in values]
        if any(each is None for each in numbers):
            return None
        try:
            return function(*numbers)
        except (ArithmeticError, ValueError):
            return None

    return apply


def _textual(function: Callable[..., Value]) -> Callable[..., Value]:
    """The first argument as a text; without it there is no result."""

    def apply(value: Value, *rest: Value) -> Value:
        return None if value is None else function(text(value), *rest)

    return apply


def _compares(holds: Callable[[int], bool]) -> Callable[..., Value]:
    def apply(left: Value, right: Value) -> Value:
        order = compared(left, right)
        return int(order is not None and holds(order))

    return apply


def _floor_to(moment: Value, count: int, unit: str) -> Value:
    at = number(moment)
    if at is None:
        return None
    if unit in _SPANS:
        span = count * _SPANS[unit]
        return Moment(int(at) // span * span)
    try:
        day = datetime.fromtimestamp(at / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    months = day.year * 12 + day.month - 1
    return _first_of(months // (count * _MONTHS[unit]) * (count * _MONTHS[unit]))


def _ceiling_to(moment: Value, count: int, unit: str) -> Value:
    below = _floor_to(moment, count, unit)
    if below is None or below == number(moment):
        return below
    if unit in _SPANS:
        return Moment(below + count * _SPANS[unit])
    day = datetime.fromtimestamp(below / 1000, UTC)
    return _first_of(day.year * 12 + day.month - 1 + count * _MONTHS[unit])


def _first_of(months: int) -> Value:
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        return None
    return Moment(int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp() * 1000))


def _address(value: Value, version: int | None = None) -> bool:
    try:
        found = ipaddress.ip_address(text(value))
    except ValueError:
        return False
    return version in (None, found.version)


def _in_subnet(value: Value, subnet: Value, version: int | None = None) -> Value:
    try:
        address, network = (
            ipaddress.ip_address(text(value)),
            ipaddress.ip_network(text(subnet), strict=False),
        )
    except ValueError:
        return 0
    return int(version in (None, address.version) and address in network)


def _substring(value: str, start: Value, length: Value = None) -> Value:
    begin, size = number(start), number(length)
    if begin is None:
        return None
    begin = max(0, int(begin))
    return value[begin:] if size is None else value[begin : begin + max(0, int(size))]


def _replace(value: str, search: Value, by: Value) -> Value:
    wanted, new = text(search), text(by)
    if not wanted or len(value) + value.count(wanted) * len(new) > _LONGEST:
        return value
    return value.replace(wanted, new)


def _trims(trim: Callable[[str, str | None], str]) -> Callable[..., Value]:
    return _textual(lambda value, what=None: trim(value, None if what is None else text(what)))


def _parsed(value: str) -> Value:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


_NUMBERS: Mapping[str, tuple[tuple[int, int], Callable[..., int | float]]] = {
    "+": ((2, 2), lambda a, b: a + b),
    "-": ((2, 2), lambda a, b: a - b),
    "*": ((2, 2), lambda a, b: a * b),
    "/": ((2, 2), lambda a, b: a / b),
    "%": ((2, 2), math.fmod),
    "^": ((2, 2), math.pow),
    "abs": ((1, 1), abs),
    "ceil": ((1, 1), math.ceil),
    "floor": ((1, 1), math.floor),
    "log": ((1, 1), math.log),
    "sqrt": ((1, 1), math.sqrt),
    "greatest": ((1, _MANY), max),
    "least": ((1, _MANY), min),
    "frommillis": ((1, 1), lambda value: Moment(int(value))),
    "tomillis": ((1, 1), int),
}
_COMPARISONS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}
FUNCTIONS: Mapping[str, Function] = {
    **{name: Function(count, _numeric(each)) for name, (count, each) in _NUMBERS.items()},
    **{name: Function((2, 2), _compares(each)) for name, each in _COMPARISONS.items()},
    "and": Function((2, 2), lambda a, b: int(is_true(a) and is_true(b))),
    "or": Function((2, 2), lambda a, b: int(is_true(a) or is_true(b))),
    "not": Function((1, 1), lambda a: int(not is_true(a))),
    "in": Function((2, 10_000), lambda a, *rest: int(any(compared(a, b) == 0 for b in rest))),
    "bin": Function((3, 3), _floor_to),
    "datefloor": Function((3, 3), _floor_to),
    "dateceil": Function((3, 3), _ceiling_to),
    "now": Function((0, 0), lambda: int(time.time())),
    "ispresent": Function((1, 1), lambda value: int(value is not None)),
    "coalesce": Function((1, _MANY), lambda *all_: next((v for v in all_ if v is not None), None)),
    "isvalidip": Function((1, 1), lambda value: int(_address(value))),
    "isvalidipv4": Function((1, 1), lambda value: int(_address(value, 4))),
    "isvalidipv6": Function((1, 1), lambda value: int(_address(value, 6))),
    "isipinsubnet": Function((2, 2), _in_subnet),
    "isipv4insubnet": Function((2, 2), lambda value, net: _in_subnet(value, net, 4)),
    "isipv6insubnet": Function((2, 2), lambda value, net: _in_subnet(value, net, 6)),
    "isempty": Function((1, 1), lambda value: int(text(value) == "")),
    "isblank": Function((1, 1), lambda value: int(not text(value).strip())),
    "concat": Function((1, _MANY), lambda *values: "".join(map(text, values))[:_LONGEST]),
    "ltrim": Function((1, 2), _trims(str.lstrip)),
    "rtrim": Function((1, 2), _trims(str.rstrip)),
    "trim": Function((1, 2), _trims(str.strip)),
    "strlen": Function((1, 1), _textual(len)),
    "toupper": Function((1, 1), _textual(str.upper)),
    "tolower": Function((1, 1), _textual(str.lower)),
    "substr": Function((2, 3), _textual(_substring)),
    "replace": Function((3, 3), _textual(_replace)),
    "strcontains": Function((2, 2), _textual(lambda value, part: int(text(part) in value))),
    "jsonparse": Function((1, 1), _textual(_parsed)),
    "jsonstringify": Function((1, 1), lambda value: None if value is None else text(value)),
}
