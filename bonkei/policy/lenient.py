"""The most that statements can allow, for code that only reads the definitions.

Without a request the context is unknown: all conditions count as met, and permissions boundaries
and resource policies as allowing. An explicit Deny without a condition wins, an Allow is needed.
"""

from __future__ import annotations

from collections.abc import Iterable

from bonkei.blueprint.role import PolicyStatement, Role
from bonkei.policy.managed import managed_statements
from bonkei.policy.wildcard import matches


def allows(role: Role, action: str, resource: str) -> bool:
    """Whether the role allows the action on the resource."""
    return allowed((*role.statements, *managed_statements(role)), action, resource)


def allowed(statements: Iterable[PolicyStatement], action: str, resource: str) -> bool:
    """Whether a policy's statements allow the action on the resource."""
    fitting = [s for s in statements if _about(s, action, resource)]
    return any(s.effect == "Allow" for s in fitting) and not any(
        s.effect == "Deny" and not s.conditions for s in fitting
    )


def matches_any(patterns: Iterable[str], value: str, *, ignore_case: bool = False) -> bool:
    """Whether one of the patterns matches."""
    return any(matches(pattern, value, ignore_case=ignore_case) for pattern in patterns)


def _about(statement: PolicyStatement, action: str, resource: str) -> bool:
    if statement.not_actions:
        about_action = not matches_any(statement.not_actions, action, ignore_case=True)
    else:
        about_action = matches_any(statement.actions, action, ignore_case=True)
    if statement.not_resources:
        return about_action and not matches_any(statement.not_resources, resource)
    return about_action and matches_any(statement.resources, resource)
