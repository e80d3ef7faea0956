"""The rights of a role.

"Policy evaluation logic": an explicit Deny wins, an Allow is needed. All conditions count as met;
permissions boundaries and resource policies count as allowing.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

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


@cache
def table() -> dict[str, Any]:
    """The content of data/permissions.toml."""
    data = files("bonkei.check") / "data" / "permissions.toml"
    return tomllib.loads(data.read_text(encoding="utf-8"))


def _about(statement: PolicyStatement, action: str, resource: str) -> bool:
    if statement.not_actions:
        about_action = not matches_any(statement.not_actions, action, ignore_case=True)
    else:
        about_action = matches_any(statement.actions, action, ignore_case=True)
    if statement.not_resources:
        return about_action and not matches_any(statement.not_resources, resource)
    return about_action and matches_any(statement.resources, resource)
