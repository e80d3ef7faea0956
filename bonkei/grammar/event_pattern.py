"""EventBridge's event patterns, as pure functions.

"Amazon EventBridge event patterns" and "Comparison operators for use in event patterns",
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.grammar.wildcards import between_stars

Event = Mapping[str, Any]
Test = Callable[[Any], bool]
_MISSING = object()
_DEEPEST = 100
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class EventPatternError(BonkeiError):
    """A pattern that EventBridge refuses. The message names the place."""


@lru_cache(maxsize=256)
def parse_event_pattern(text: str) -> Callable[[Event], bool]:
    """Return a test for events. Raises EventPatternError."""
    try:
        pattern = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventPatternError(f"the event pattern is not JSON: {error}") from None
    if not isinstance(pattern, dict) or not pattern:
        raise EventPatternError("the event pattern is not an object with a field")
    return _object(pattern, "$")


def _object(pattern: Mapping[str, Any], place: str) -> Test:
    """Every field must match. In `$or`, at least one of the patterns must."""
    if place.count(".") > _DEEPEST:
        raise EventPatternError(f"the event pattern is nested more than {_DEEPEST} times")
    tests: list[Test] = []
    for name, value in pattern.items():
        here = f"{place}.{name}"
        if name == "$or" and isinstance(value, list):
            if len(value) < 2:
                raise EventPatternError(f"{here} needs two patterns at least")
            parts = [_object(part, here) for part in value if isinstance(part, dict)]
            if len(parts) < len(value):
                raise EventPatternError(f"{here} holds patterns only")
            tests.append(_one_of(parts))
        elif isinstance(value, dict):
            tests.append(_below(name, _object(value, here)))
        elif isinstance(value, list) and value:
            tests.append(_field(name, [_matcher(one, here) for one in value]))
        else:
            raise EventPatternError(f"{here} is neither a list with a value nor an object")
    return lambda found: all(test(found) for test in tests)


def _one_of(parts: list[Test]) -> Test:
    return lambda found: any(part(found) for part in parts)


def _below(name: str, inner: Test) -> Test:
    """In an array of objects, at least one must match. A missing object has only missing fields."""

    def test(found: Any) -> bool:
        value = found.get(name, {}) if isinstance(found, Mapping) else {}
        if isinstance(value, list):
            return any(inner(one) for one in value) or (not value and inner({}))
        return inner(value if isinstance(value, Mapping) else {})

    return test


def _field(name: str, matchers: list[Test]) -> Test:
    """In an array, one value has to match."""

    def test(found: Any) -> bool:
        value = found.get(name, _MISSING) if isinstance(found, Mapping) else _MISSING
        if isinstance(value, list):
            values = value or [_MISSING]
            return any(matcher(one) for matcher in matchers for one in values)
        return any(matcher(value) for matcher in matchers)

    return test


def _matcher(wanted: Any, place: str) -> Test:
    if isinstance(wanted, dict):
        if len(wanted) != 1:
            raise EventPatternError(f"{place}: an operator stands alone in its object")
        ((name, argument),) = wanted.items()
        make = _OPERATORS.get(name)
        if make is None:
            known = ", ".join(sorted(_OPERATORS))
            raise EventPatternError(
                f"{place}: `{name}` is not an operator", remedy=f"one of {known}"
            )
        try:
            return make(argument)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            raise EventPatternError(
                f"{place}: `{name}` does not take {json.dumps(argument)}"
            ) from error
    if isinstance(wanted, list):
        raise EventPatternError(f"{place}: a list in a list")
    return lambda found: _is_equal(found, wanted)


def _is_equal(found: Any, wanted: Any) -> bool:
    """Numbers are compared by value. `true` does not equal 1, and a missing field does not equal
    null.
    """
    if isinstance(found, bool) or isinstance(wanted, bool) or wanted is None:
        return found is wanted
    return bool(found == wanted)


def _text(test: Callable[[str], bool]) -> Test:
    return lambda found: isinstance(found, str) and test(found)


def _affix(argument: Any, name: str) -> Test:
    """Match `prefix` or `suffix`, optionally ignoring case."""
    if isinstance(argument, dict):
        wanted = str(argument["equals-ignore-case"]).lower()
        return _text(lambda text: bool(getattr(text.lower(), name)(wanted)))
    if not isinstance(argument, str):
        raise TypeError
    return _text(lambda text: bool(getattr(text, name)(argument)))


def _ignore_case(argument: Any) -> Test:
    wanted = argument.lower()
    return _text(lambda text: text.lower() == wanted)


def _wildcard(argument: Any) -> Test:
    r"""`*` matches any characters; `\*` and `\\` match themselves."""
    if "**" in argument:
        raise ValueError
    between = [""]
    for part in re.findall(r"\\[*\\]|\*|[^*\\]+|\\", argument):
        if part == "*":
            between.append("")
        else:
            between[-1] += re.escape(part[1:] if part in (r"\*", r"\\") else part)
    regex = re.compile(between_stars(between), re.DOTALL)
    return _text(lambda text: regex.fullmatch(text) is not None)


def _anything_but(argument: Any) -> Test:
    """An existing field matches if it has none of the values, prefixes and so on."""
    if isinstance(argument, dict):
        ((name, inner),) = argument.items()
        if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise KeyError(name)
        tests = [_OPERATORS[name](one) for one in (inner if isinstance(inner, list) else [inner])]
        return _text(lambda text: not any(test(text) for test in tests))
    values = argument if isinstance(argument, list) else [argument]
    if not values or not all(isinstance(one, str | int | float) for one in values):
        raise TypeError
    return lambda found: (
        found is not _MISSING
        and not isinstance(found, dict)
        and not any(_is_equal(found, one) for one in values)
    )


def _numeric(argument: Any) -> Test:
    """Match numbers by a list such as `[">", 0, "<=", 5]`."""
    if not argument or len(argument) % 2:
        raise ValueError
    pairs = [
        (_ORDER[argument[place]], float(argument[place + 1]))
        for place in range(0, len(argument), 2)
    ]
    return lambda found: (
        isinstance(found, int | float)
        and not isinstance(found, bool)
        and all(order(found, number) for order, number in pairs)
    )


def _exists(argument: Any) -> Test:
    if not isinstance(argument, bool):
        raise TypeError
    return lambda found: (found is not _MISSING) is argument


def _cidr(argument: Any) -> Test:
    network = ipaddress.ip_network(argument, strict=False)  # Event Ruler masks the host's bits

    def test(found: str) -> bool:
        try:
            return ipaddress.ip_address(found) in network
        except ValueError:
            return False

    return _text(test)


_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "prefix": lambda argument: _affix(argument, "startswith"),
    "suffix": lambda argument: _affix(argument, "endswith"),
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
}
