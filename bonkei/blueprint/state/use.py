"""Finds the resources that name a thing in an argument."""

from __future__ import annotations

from dataclasses import dataclass

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
    found = sorted(one for value in wanted for one in state.arguments.get(value, ()))
    users = ((state.resources[place], argument) for place, _, argument in found)
    return tuple(
        Use(resource.address, resource.type, argument)
        for resource, argument in users
        if not resource.type.startswith(not_by)
    )
