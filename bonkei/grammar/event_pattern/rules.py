"""A pattern as alternatives of fields, and whether an event matches one of them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NoReturn

from bonkei.grammar.event_pattern.complexity import require_simple
from bonkei.grammar.event_pattern.conditions import condition
from bonkei.grammar.event_pattern.numeric import is_number
from bonkei.grammar.event_pattern.values import Condition, EventPatternError, Steps

Event = Mapping[str, Any]
Fields = dict[str, tuple[Condition, ...]]
Elements = Mapping[int, int]
"""Which element of each array: by the array's number in the event."""

_Before = tuple[object, ...]
_OF_NUMBERS = re.compile(r'(\{"anything-but": \[?)?-?\d|\{"numeric"')
_DEEPEST = 100
_MOST_RULES = 1_000
"""Alternatives of all `$or` together ("$or matching")."""
_RESERVED = frozenset(
    {"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard",
     "numeric", "cidr", "=", "<", "<=", ">", ">=", "regex", "not-wildcard",
     "not-equals-ignore-case", "date-after", "date-on-or-after", "date-before",
     "date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range"}
)  # fmt: skip
"""No names of fields in `$or`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One of the rules has to match. A rule: the conditions by the field's path with dots, in the
    order of the paths. `places`: all paths, and what leads to them."""

    rules: tuple[tuple[tuple[str, tuple[Condition, ...]], ...], ...]
    places: frozenset[str]

    def matches(self, event: Event) -> bool:
        """Whether it does."""
        found: dict[str, list[tuple[Any, Elements]]] = defaultdict(list)
        for path, value, elements in _Fields(self.places).of(event, "", {}):
            found[path].append((value, elements))
        return any(_matches(rule, found, {}) for rule in self.rules)


@lru_cache(maxsize=256)
def parse_event_pattern(text: str) -> Callable[[Event], bool]:
    """Return a test for events. Raises EventPatternError."""
    try:
        given = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise EventPatternError(f"the event pattern is not JSON: {error}") from None
    return parse_pattern(given).matches


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def parse_pattern(given: Any) -> Pattern:
    """Raises EventPatternError, with the place."""
    if not isinstance(given, dict):
        raise EventPatternError("Filter is not an object", "$")
    rules = _object(given, (), [])
    for fields in _together(rules):
        require_simple(fields)
    rules = list(_with_numbers(rules))
    paths = {path for rule in rules for path in rule}
    places = {path[:end] for path in paths for end in _ends(path)}
    return Pattern(tuple(tuple(sorted(rule.items())) for rule in rules), frozenset(places))


def _ends(path: str) -> Iterator[int]:
    yield from (place for place, letter in enumerate(path) if letter == ".")
    yield len(path)


def _together(rules: list[Fields]) -> Iterator[Sequence[Condition]]:
    """The conditions of a field that Event Ruler looks at in one go: after equal fields."""
    found: dict[_Before, dict[str, Condition]] = defaultdict(dict)
    for rule in rules:
        for before, path in _steps(rule):
            found[before] |= {one.text: one for one in rule[path]}
    yield from (list(one.values()) for one in found.values())


def _steps(rule: Fields) -> Iterator[tuple[_Before, str]]:
    """Each path, after what Event Ruler has looked at before."""
    before: _Before = ()
    for path, conditions in sorted(rule.items()):
        yield (*before, path), path
        before = (*before, path, tuple(one.text for one in conditions))


def _with_numbers(rules: list[Fields]) -> Iterator[Fields]:
    """Where a field is compared with numbers, too, a number is not an address."""
    compared = {
        before
        for rule in rules
        for before, path in _steps(rule)
        if any(_OF_NUMBERS.match(one.text) for one in rule[path])
    }
    for rule in rules:
        yield {
            path: tuple(map(_without_numbers, rule[path])) if before in compared else rule[path]
            for before, path in _steps(rule)
        }


def _without_numbers(one: Condition) -> Condition:
    if not one.text.startswith('{"cidr"'):
        return one
    return replace(one, holds=lambda found: not is_number(found) and one.holds(found))


def _object(
    given: Mapping[str, Any], path: tuple[str, ...], rules: list[Fields], *, in_or: bool = False
) -> list[Fields]:
    """The rules with its fields added. Every field must match; of `$or`, one of the patterns."""
    place = ".".join(("$", *path))
    if not given:
        raise EventPatternError("Empty objects are not allowed", place)
    if len(path) > _DEEPEST:
        raise EventPatternError(f"the event pattern is nested more than {_DEEPEST} times")
    for name, value in given.items():
        here = f"{place}.{name}"
        if name == "$or":
            rules = _one_of(value, path, rules, here)
        elif in_or and name in _RESERVED:
            said = f"{name} is Ruler reserved fieldName which cannot be used inside $or."
            raise EventPatternError(said, here)
        elif isinstance(value, dict):
            rules = _object(value, (*path, name), rules, in_or=in_or)
        elif isinstance(value, list):
            steps = None if in_or else (*path, name)
            field = {".".join((*path, name)): _conditions(value, here, steps)}
            rules = [rule | field for rule in rules or [{}]]
        else:
            said = f'"{name}" must be an object or an array'
            raise EventPatternError(said, place, at=None if in_or else (*path, name))
    return rules


def _one_of(given: Any, path: tuple[str, ...], rules: list[Fields], here: str) -> list[Fields]:
    if not isinstance(given, list):
        raise EventPatternError("It must be an Array followed with $or.", here)
    if not all(isinstance(part, dict) for part in given):
        said = "Only JSON object is allowed in array of $or relationship."
        raise EventPatternError(said, here)
    if len(given) < 2:
        said = "There must have at least 2 Objects in $or relationship."
        raise EventPatternError(said, here)
    found: list[Fields] = []
    for part in given:
        found += _object(part, path, rules or [{}], in_or=True)
        if len(found) > _MOST_RULES:
            raise EventPatternError(f"more than {_MOST_RULES} combinations of $or", here)
    return found


def _conditions(given: list[Any], here: str, steps: Steps | None) -> tuple[Condition, ...]:
    """`steps`: those to the field; None below `$or`."""
    if not given:
        at = None if steps is None else (*steps, 0)
        raise EventPatternError("Empty arrays are not allowed", here, at=at)
    found: list[Condition] = []
    try:
        found.extend(map(condition, given))
    except EventPatternError as error:
        at = None if steps is None else error.below(*steps, len(found))
        raise EventPatternError(error.reason, here, remedy=error.remedy, at=at) from None
    return tuple(found)


class _Fields:
    """An event's values by their paths, with the elements of arrays that they are in. A dot in a
    name is like one between names."""

    def __init__(self, places: frozenset[str]) -> None:
        self._places = places
        self._arrays = 0

    def of(self, value: Any, path: str, elements: Elements) -> Iterator[tuple[str, Any, Elements]]:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                below = f"{path}.{name}" if path else name
                if below in self._places:
                    yield from self.of(inner, below, elements)
        elif isinstance(value, list):
            self._arrays += 1
            array = self._arrays
            for index, each in enumerate(value):
                is_plain = not isinstance(each, Mapping | list)
                yield from self.of(each, path, elements if is_plain else {**elements, array: index})
        else:
            yield path, value, elements


def _matches(
    rule: Sequence[tuple[str, tuple[Condition, ...]]],
    found: Mapping[str, Sequence[tuple[Any, Elements]]],
    chosen: Elements,
) -> bool:
    """Whether there is a value for each field, all of them from the same elements of arrays."""
    if not rule:
        return True
    (path, conditions), *rest = rule
    values = [(v, e) for v, e in found.get(path, ()) if _is_consistent(e, chosen)]
    if not values:
        is_absent = any(one.is_absence for one in conditions)
        return is_absent and _matches(rest, found, chosen)
    tried: list[Elements] = []
    for value, elements in values:
        together = {**chosen, **elements}
        if together in tried or not any(one.holds(value) for one in conditions):
            continue
        if _matches(rest, found, together):
            return True
        tried.append(together)
    return False


def _is_consistent(elements: Elements, chosen: Elements) -> bool:
    return all(chosen.get(array, index) == index for array, index in elements.items())
