"""A role's permissions, their use, and the smallest policy that covers the use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from bonkei.analysis.policy.wildcard import completed, matches, matches_arn
from bonkei.blueprint.iam import PolicyStatement

Used = Mapping[str, Collection[str]]
"""Action -> the resources on which it was used."""


@dataclass(frozen=True, slots=True)
class Grant:
    """An action, or a pattern of actions, of an Allow statement. `used` has the (action, resource)
    pairs that it covered. `is_observed` says whether the miniature sees calls of this service at
    all."""

    address: str
    action: str
    resources: tuple[str, ...]
    used: tuple[tuple[str, str], ...]
    is_observed: bool


def grants(
    statements: Iterable[PolicyStatement], used: Used, observed: Collection[str]
) -> tuple[Grant, ...]:
    """Return every grant in the order of the statements. `observed` has prefixes of services
    (`s3`)."""
    return tuple(
        Grant(
            statement.address,
            action,
            statement.resources,
            _covered(action, statement, used),
            action.partition(":")[0] in observed or action == "*",
        )
        for statement in statements
        if statement.effect == "Allow"
        for action in statement.actions
    )


def tighten(
    statements: Iterable[PolicyStatement], used: Used, observed: Collection[str]
) -> tuple[PolicyStatement, ...]:
    """The statements, with only those actions and resources that were used.

    Statements that deny stay. Actions that the miniature cannot observe stay, because their use is
    unknown. A pattern of resources stays unchanged if a resource that it matches was used.
    """
    return tuple(
        kept for each in statements if (kept := _tightened(each, used, observed)) is not None
    )


def _tightened(
    statement: PolicyStatement, used: Used, observed: Collection[str]
) -> PolicyStatement | None:
    if statement.effect != "Allow" or not statement.actions:
        return statement
    actions: list[str] = []
    resources: set[str] = set()
    for pattern in statement.actions:
        covered = _covered(pattern, statement, used)
        if pattern != "*" and pattern.partition(":")[0] not in observed:
            actions.append(pattern)
            resources |= set(statement.resources)
        actions += [action for action, _ in covered]
        for _, resource in covered:
            resources |= {each for each in statement.resources if _covers(each, resource)}
    if not actions:
        return None
    return replace(
        statement,
        actions=tuple(dict.fromkeys(actions)),
        resources=tuple(each for each in statement.resources if each in resources),
    )


def _covered(pattern: str, statement: PolicyStatement, used: Used) -> tuple[tuple[str, str], ...]:
    return tuple(
        (action, resource)
        for action, resources in sorted(used.items())
        if matches(pattern, action, ignore_case=True)
        for resource in resources
        if any(_covers(each, resource) for each in statement.resources)
    )


def _covers(pattern: str, resource: str) -> bool:
    return matches_arn(completed(pattern), resource)
