"""The operator `numeric`, and numbers as Event Ruler compares them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bonkei.grammar.event_pattern.values import TO_ITS_END, EventPatternError, Test

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "=": lambda found, bound: found == bound,
    "<": lambda found, bound: found < bound,
    "<=": lambda found, bound: found <= bound,
    ">": lambda found, bound: found > bound,
    ">=": lambda found, bound: found >= bound,
}


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_float(value: int | float) -> float | None:
    """A number that a double holds exactly, as it is written. Others cannot be compared."""
    try:
        number = float(value)
    except OverflowError:
        return None
    if isinstance(value, int) and Decimal(repr(number)) != value:
        return None
    return number if abs(number) != float("inf") and number == number else None


def comparable(value: Any) -> float:
    number = _as_float(value)
    if number is None:
        raise EventPatternError(f"Cannot compare number : {value}")
    return number


def compared(sign: str, bound: float) -> Test:
    order = _ORDER[sign]

    def test(found: Any) -> bool:
        number = _as_float(found) if is_number(found) else None
        return number is not None and order(number, bound)

    return test


def numeric(argument: Any) -> Test:
    """One comparison, or a lower and then an upper bound."""
    if not isinstance(argument, list):
        raise EventPatternError("Value of numeric must be an array.")
    sign = argument[0] if argument else None
    if not isinstance(sign, str):
        said = f"Invalid member in numeric match: {sign if argument else ']'}"
        raise EventPatternError(said, at=(0,))
    if sign not in _ORDER:
        raise EventPatternError(f"Unrecognized numeric range operator: {sign}", at=(1,))
    _require_number(argument, 1, "equals" if sign == "=" else sign)
    if len(argument) > 2:
        _require_upper_bound(argument)
    signs, numbers = argument[::2], [comparable(each) for each in argument[1::2]]
    if len(numbers) > 1 and numbers[0] >= numbers[1]:
        raise EventPatternError("Bottom must be less than top", at=(4,))
    tests = [compared(each, number) for each, number in zip(signs, numbers, strict=True)]
    return lambda found: all(test(found) for test in tests)


def _require_upper_bound(argument: list[Any]) -> None:
    if argument[0] not in (">", ">="):
        raise EventPatternError("Too many elements in numeric expression", at=(2,))
    if not isinstance(argument[2], str):
        raise EventPatternError(f"Bad value in numeric range: {argument[2]}", at=(2,))
    if argument[2] not in ("<", "<="):
        said = f"Bad numeric range operator: {argument[2]}"
        raise EventPatternError(said, at=(2, TO_ITS_END))
    _require_number(argument, 3, argument[2])
    if len(argument) > 4:
        raise EventPatternError("Too many terms in numeric range expression", at=(4,))


def _require_number(argument: list[Any], place: int, sign: str) -> None:
    if len(argument) <= place or not is_number(argument[place]):
        raise EventPatternError(f"Value of {sign} must be numeric", at=(place,))
