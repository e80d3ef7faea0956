"""Nested blocks of a configuration or a state: single, a list or a set, by their schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bonkei.definitions.provider.values import UNKNOWN, Value


def each(value: Value) -> Iterable[Mapping[str, Value]]:
    """The known blocks of a nested block, of any nesting."""
    if isinstance(value, Mapping):
        return (value,)
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def first(value: Value) -> Mapping[str, Value]:
    """The block, if it occurs at most once; empty when it is absent."""
    return next(iter(each(value)), {})


def has_one(block: Mapping[str, Value], names: Iterable[str]) -> bool:
    """Whether exactly one of the nested blocks may be there. A dynamic block may be empty."""
    values = [block.get(name) for name in names]
    unknown = sum(value is UNKNOWN for value in values)
    there = sum(value not in (None, [], "") for value in values if value is not UNKNOWN)
    return there <= 1 <= there + unknown


def same_shape(
    value: Value, fill: Callable[[int, Mapping[str, Value]], Mapping[str, Value]]
) -> Value:
    """The nested block's value, each block completed by `fill(index, block)`; the nesting stays."""
    if isinstance(value, Mapping):
        return {**value, **fill(0, value)}
    if isinstance(value, list):
        return [
            {**item, **fill(index, item)} if isinstance(item, Mapping) else item
            for index, item in enumerate(value)
        ]
    return value
