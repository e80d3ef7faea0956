"""Whether the policy of a key or a topic allows an AWS service.

"Policy evaluation logic", "IAM JSON policy elements: Condition operators":
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bonkei.analysis.policy.lenient import allowed
from bonkei.analysis.policy.wildcard import matches
from bonkei.blueprint.iam import PolicyStatement

_EXACTLY = ("StringEquals", "ArnEquals")
_LIKE = ("StringLike", "ArnLike")


def lets_in(
    statements: Iterable[PolicyStatement],
    services: Iterable[str],
    action: str,
    resource: str,
    context: Mapping[str, str],
) -> bool:
    """Whether one of the services (`sns.amazonaws.com`) may do the action. `context` has the keys
    that the service sends, with their values. A condition on another key counts as met."""
    services = tuple(services)
    fitting = [
        replace(statement, conditions=())
        for statement in statements
        if _is_about(statement, services) and _holds(statement, context)
    ]
    return allowed(fitting, action, resource)


def _is_about(statement: PolicyStatement, services: tuple[str, ...]) -> bool:
    return any(
        (kind == "Service" and value in services) or (kind in ("*", "AWS") and value == "*")
        for kind, value in statement.principals
    )


def _holds(statement: PolicyStatement, context: Mapping[str, str]) -> bool:
    """Every condition must hold, for any of its values."""
    lower = {key.lower(): value for key, value in context.items()}
    wanted: dict[tuple[str, str], list[str]] = {}
    for operator, key, value in statement.conditions:
        wanted.setdefault((operator, key), []).append(value)
    for (operator, key), values in wanted.items():
        sent = lower.get(key.lower())
        name = operator.rpartition(":")[2].removesuffix("IfExists")
        if sent is None or name not in (*_EXACTLY, *_LIKE):
            continue
        # ArnEquals and ArnLike behave identically.
        like = name in _LIKE or name == "ArnEquals"
        if not any(matches(value, sent) if like else value == sent for value in values):
            return False
    return True
