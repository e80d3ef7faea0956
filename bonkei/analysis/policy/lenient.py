"""The most that statements can allow, for code that only reads the definitions.

It uses the evaluation of calls (`evaluate.decide`), without a call: conditions on keys other than
those of `context` count as met where they allow, and permissions boundaries and resource policies
count as allowing. An explicit Deny without such a condition wins. An Allow is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from bonkei.analysis.policy.condition import UnknownOperatorError
from bonkei.analysis.policy.evaluate import Policies, decide
from bonkei.analysis.policy.managed import managed_statements
from bonkei.analysis.policy.policy import Policy, Request
from bonkei.analysis.policy.principal import Principal
from bonkei.analysis.policy.wildcard import Context, matches
from bonkei.blueprint.iam import PolicyStatement, Role

_NOTHING_KNOWN: Context = MappingProxyType({})


def allows(role: Role, action: str, resource: str, context: Context = _NOTHING_KNOWN) -> bool:
    """Whether the role allows the action on the resource."""
    return allowed((*role.statements, *managed_statements(role)), action, resource, context)


def allowed(
    statements: Iterable[PolicyStatement],
    action: str,
    resource: str,
    context: Context = _NOTHING_KNOWN,
) -> bool:
    """Whether a policy's statements allow the action on the resource. `context` has the keys that
    the call sends, in lower case."""
    request = Request(Principal(), action, resource, context, is_open=True)
    return decide(request, Policies(_policy(tuple(statements)))).is_allowed


def matches_any(patterns: Iterable[str], value: str, *, ignore_case: bool = False) -> bool:
    """Whether one of the patterns matches."""
    return any(matches(pattern, value, ignore_case=ignore_case) for pattern in patterns)


@lru_cache(maxsize=256)
def _policy(statements: tuple[PolicyStatement, ...]) -> Policy:
    """A statement with an unknown condition operator is read without its condition."""
    try:
        return Policy(statements)
    except UnknownOperatorError:
        return Policy(replace(each, conditions=()) for each in statements)
