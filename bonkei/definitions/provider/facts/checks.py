"""Checks of one value: an enumeration, a range, a length, a pattern, a count."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from bonkei.definitions.provider.values import Value

Known: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Value], str | None]


def checks_of(known: Known, enumerations: Mapping[str, Sequence[str]]) -> Iterator[Check]:
    """The checks from the facts of one argument."""
    if "enum" in known:
        named = known["enum"]
        values = enumerations[named] if isinstance(named, str) else named
        yield one_of(*values, ignore_case="ignore_case" in known)
    if "range" in known:
        yield between(*known["range"])
    if "length" in known:
        low, high = known["length"]
        yield _length(low, high, _bytes)
    for pattern, meaning in known.get("patterns", ()):
        yield _matches(pattern, meaning)
    if "api_range" in known:
        yield _as_sent(between(*known["api_range"]))
    if "api_length" in known:
        low, high = known["api_length"]
        yield _as_sent(_length(low, high))
    if "api_pattern" in known:
        yield _as_sent(_fits(known["api_pattern"]))
    yield from _counts(known)


def _counts(known: Known) -> Iterator[Check]:
    if "required" in known:
        yield _count(1, None)
    if "max" in known or "min" in known:
        yield _count(known.get("min", 0), known.get("max"))
    if "min_if_any" in known:
        yield _unless_empty(_count(known["min_if_any"], None))


def one_of(*values: Value, ignore_case: bool = False) -> Check:
    allowed = {str(value).upper() for value in values} if ignore_case else set(values)

    def check(value: Value) -> str | None:
        if isinstance(value, list) or (str(value).upper() if ignore_case else value) in allowed:
            return None
        listed = ", ".join(f'"{one}"' for one in values)
        return f'Expected one of {listed}, got "{value}".'

    return check


def between(low: float | None, high: float | None = None) -> Check:
    def check(value: Value) -> str | None:
        if isinstance(value, str | bool | list):
            return None
        if (low is None or value >= low) and (high is None or value <= high):
            return None
        if high is None:
            return f"Expected {low} or more, got {value}."
        if low is None:
            return f"Expected {high} or less, got {value}."
        return f"Expected a number from {low} to {high}, got {value}."

    return check


def _bytes(text: str) -> int:
    return len(text.encode())


def _length(low: int, high: int | None, size_of: Callable[[str], int] = len) -> Check:
    """Of a text: the provider counts bytes, an API characters."""

    def check(value: Value) -> str | None:
        size = size_of(value) if isinstance(value, str) else low
        if size >= low and (high is None or size <= high):
            return None
        wanted = f"{low} or more" if high is None else f"{low} to {high}"
        shown = f' in "{value}"' if size <= 200 else ""
        return f"Expected {wanted} characters, got {size}{shown}."

    return check


def _matches(pattern: str, meaning: str) -> Check:
    whole = re.sub(r"(?<!\\)\$$", r"\\Z", pattern)  # Go's $ is the end, not a line's
    compiled = re.compile(whole)

    def check(value: Value) -> str | None:
        if not isinstance(value, str) or compiled.search(value):
            return None
        return f'"{value}": {meaning}.' if meaning else f'"{value}" does not match {pattern}.'

    return check


def _as_sent(check: Check) -> Check:
    """Apply the API's limits only to values that are sent: the provider omits empty arguments."""
    return lambda value: None if value in ("", 0, -1) else check(value)


def _fits(pattern: str) -> Check:
    """An API's pattern matches the whole value, unless it has its own anchors."""
    compiled = re.compile(pattern, re.DOTALL)
    match = compiled.search if re.search(r"(?<![\[\\])\^|\$$", pattern) else compiled.fullmatch

    def check(value: Value) -> str | None:
        if not isinstance(value, str) or match(value):
            return None
        return f'"{value}" does not match {pattern}.'

    return check


def _count(low: int, high: int | None) -> Check:
    def check(value: Value) -> str | None:
        if not isinstance(value, list) or (
            len(value) >= low and (high is None or len(value) <= high)
        ):
            return None
        wanted = f"{low} or more" if high is None else f"{low} to {high}"
        return f"Expected {wanted} elements, got {len(value)}."

    return check


def _unless_empty(check: Check) -> Check:
    """Skip an empty list: the provider sees missing nested blocks not as an empty list, but as
    nothing."""
    return lambda value: None if value == [] else check(value)
