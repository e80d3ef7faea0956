"""The rules of a configuration: small values that each type combines. A check takes one value and
returns a message, or None. A rule says which values to check. Values that are null or not known yet
are not checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from bonkei.definitions.provider.behaviour import Problem
from bonkei.definitions.provider.facts.checks import Check as Check  # noqa: PLC0414 - passed on
from bonkei.definitions.provider.facts.checks import between as between  # noqa: PLC0414
from bonkei.definitions.provider.facts.checks import one_of as one_of  # noqa: PLC0414
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given

Rule: TypeAlias = Callable[[Object], Iterable[Problem]]
Path: TypeAlias = tuple[str | int, ...]


def validator(*rules: Rule) -> Callable[[Object], Sequence[Problem]]:
    """All rules' problems, in order."""

    def validate(config: Object) -> Sequence[Problem]:
        return [problem for rule in rules for problem in rule(config)]

    return validate


def find(config: Value, path: str) -> Iterator[tuple[Path, Value]]:
    """Every place that a dotted path leads to, through all blocks and list elements on the way."""
    yield from _walk(config, tuple(path.split(".")) if path else (), ())


def _walk(value: Value, names: tuple[str, ...], at: Path) -> Iterator[tuple[Path, Value]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, names, (*at, index))
    elif not names:
        yield at, value
    elif isinstance(value, Mapping) and names[0] in value:
        yield from _walk(value[names[0]], names[1:], (*at, names[0]))


def is_set(value: Value) -> bool:
    """Whether an argument or block is given, known or not."""
    return value is not None and value != []


def unsure(value: Value) -> bool:
    """Whether the number of blocks or elements is unknown, or one of them is."""
    return value is UNKNOWN or (isinstance(value, list) and any(v is UNKNOWN for v in value))


def at(path: str, *checks: Check) -> Rule:
    """Every value at the path (each element, where there is a list) passes the checks."""

    def rule(config: Object) -> Iterator[Problem]:
        for place, value in find(config, path):
            if not given(value):
                continue
            message = next((text for check in checks if (text := check(value))), None)
            if message:
                yield Problem(place, f"Invalid value for {_dotted(place)}", message)

    return rule


def doubted(path: str, *checks: Check) -> Rule:
    """Like `at`, but with a warning, because AWS may accept the value."""

    def rule(config: Object) -> Iterator[Problem]:
        for problem in at(path, *checks)(config):
            yield replace(problem, summary="AWS may refuse this", severity="warning")

    return rule


def whole(path: str, *checks: Check) -> Rule:
    """The list, map or value at the path as a whole passes the checks, once it is known."""
    *outer, last = path.split(".")

    def rule(config: Object) -> Iterator[Problem]:
        for place, block in find(config, ".".join(outer)):
            value = block.get(last) if isinstance(block, Mapping) else None
            if not given(value):
                continue
            message = next((text for check in checks if (text := check(value))), None)
            if message:
                where = (*place, last)
                yield Problem(where, f"Invalid value for {_dotted(where)}", message)

    return rule


def within(block: str, rule: Rule) -> Rule:
    """The rule holds inside every block at the path."""

    def outer(config: Object) -> Iterator[Problem]:
        for place, value in find(config, block):
            if isinstance(value, Mapping):
                for problem in rule(value):
                    yield replace(problem, path=(*place, *problem.path))

    return outer


def conflicts(*names: str) -> Rule:
    """At most one of the arguments is set."""

    def rule(config: Object) -> Iterator[Problem]:
        found = [name for name in names if given(config.get(name)) and is_set(config.get(name))]
        for name in found[1:]:
            yield Problem(
                (name,), "Conflicting arguments", f'"{found[0]}" and "{name}" exclude each other.'
            )

    return rule


def exactly_one(*names: str) -> Rule:
    """Exactly one of the arguments is set."""

    def rule(config: Object) -> Iterator[Problem]:
        found = [name for name in names if is_set(config.get(name))]
        if not found:
            yield Problem((), "Missing argument", f"One of {_listed(names)} must be given.")
        elif all(given(config.get(name)) for name in found):
            yield from conflicts(*names)(config)

    return rule


def needs_when(name: str, value: Value, *others: str) -> Rule:
    """When the argument has that value, the others are set."""

    def rule(config: Object) -> Iterator[Problem]:
        if given(config.get(name)) and config[name] == value:
            for other in others:
                if not is_set(config.get(other)):
                    yield Problem(
                        (name,),
                        "Missing argument",
                        f'"{other}" must be given when {name} is "{value}".',
                    )

    return rule


def above(low: float) -> Check:
    return lambda value: None if value > low else f"Expected more than {low}, got {value}."


def either(*checks: Check) -> Check:
    """At least one of the checks passes; otherwise this gives the message of the first one."""

    def check(value: Value) -> str | None:
        said = [text for each in checks if (text := each(value))]
        return said[0] if len(said) == len(checks) else None

    return check


def length(low: int, high: int) -> Check:
    def check(value: Value) -> str | None:
        size = len(value)
        if low <= size <= high:
            return None
        what = "characters" if isinstance(value, str) else "elements"
        shown = f' in "{value}"' if isinstance(value, str) and size <= 200 else ""
        return f"Expected {low} to {high} {what}, got {size}{shown}."

    return check


def matches(pattern: str, meaning: str) -> Check:
    """The whole string matches; `meaning` completes "Expected …"."""
    compiled = re.compile(pattern)

    def check(value: Value) -> str | None:
        return None if compiled.fullmatch(value) else f'Expected {meaning}, got "{value}".'

    return check


def lacks(pattern: str, meaning: str) -> Check:
    """The string does not contain the pattern; `meaning` completes "… must not"."""
    compiled = re.compile(pattern)
    return lambda value: f'"{value}" must not {meaning}.' if compiled.search(value) else None


def unique(path: str, name: str, what: str) -> Rule:
    """No two blocks at the path have the same value of an argument."""

    def rule(config: Object) -> Iterator[Problem]:
        seen: set[Value] = set()
        for place, block in find(config, path):
            value = block.get(name) if isinstance(block, Mapping) else None
            if not given(value):
                continue
            if value in seen:
                yield Problem(
                    (*place, name),
                    f"Duplicate {what}",
                    f'"{value}" is there twice; each needs its own.',
                )
            seen.add(value)

    return rule


def known(config: Object, *names: str) -> bool:
    """Whether none of the arguments is unknown, so that a comparison means something."""
    return not any(config.get(name) is UNKNOWN for name in names)


def _listed(values: Iterable[Value]) -> str:
    return ", ".join(f'"{value}"' for value in values)


def _dotted(path: Path) -> str:
    return '"' + ".".join(str(part) for part in path if isinstance(part, str)) + '"'
