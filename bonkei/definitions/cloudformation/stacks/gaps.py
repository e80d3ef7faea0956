"""The parts of the stacks' resources that have no effect here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bonkei.blueprint import NotSimulated
from bonkei.definitions.cloudformation.resources.catalogue import KINDS
from bonkei.definitions.cloudformation.stacks.values import Stack, address_of


def gaps(stacks: Iterable[Stack]) -> Iterator[NotSimulated]:
    """For each resource, the properties that are stored but have no effect."""
    for stack in stacks:
        for each in stack.existing:
            for path, reason in KINDS[each.type].unserved.items():
                if _has(each.properties, path.split(".")):
                    yield NotSimulated(
                        f"{each.type}.{path}", reason, address=address_of(stack, each)
                    )


def _has(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_has(each, path) for each in value)
    if not isinstance(value, Mapping) or path[0] not in value:
        return False
    return len(path) == 1 or _has(value[path[0]], path[1:])
