"""Finds the resources that name a thing in an argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bonkei.blueprint.state import State


@dataclass(frozen=True, slots=True)
class Use:
    """The argument of a resource that names the thing. `argument` is a path: `target.role_arn`."""

    address: str
    type: str
    argument: str


def uses_of(values: tuple[str, ...], state: State, not_by: tuple[str, ...]) -> tuple[Use, ...]:
    """Uses of any of the values (an ARN, a name). Types that begin with one of `not_by` do not
    count."""
    wanted = {value for value in values if value}
    return tuple(
        Use(resource.address, resource.type, argument)
        for resource in state.resources
        if resource.mode == "managed" and not resource.type.startswith(not_by)
        for argument in _arguments_with(wanted, resource.values)
    )


def _arguments_with(
    wanted: set[str], attributes: Mapping[str, Any], path: str = ""
) -> Iterator[str]:
    """Paths of the attributes that equal one of the values. A policy's text does not count."""
    for name, found in attributes.items():
        here = f"{path}.{name}" if path else name
        for item in found if isinstance(found, list) else [found]:
            if isinstance(item, str) and item in wanted:
                yield here
            elif isinstance(item, dict):
                yield from _arguments_with(wanted, item, here)
