"""AWS's own managed policies. The state does not hold their text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bonkei.blueprint.iam import PolicyStatement, Role


def managed_statements(role: Role) -> tuple[PolicyStatement, ...]:
    """The statements of the role's AWS-managed policies. Policies with unknown text are left
    out."""
    return tuple(
        found
        for address, arn in role.managed_policies
        if (found := managed_statement(address, arn)) is not None
    )


def managed_statement(address: str, arn: str) -> PolicyStatement | None:
    """The statements of one such policy. `address`: the resource that attaches it."""
    actions = _table().get(_name(arn))
    if actions is None:
        return None
    return PolicyStatement(address, "Allow", actions=actions, resources=("*",))


def unknown_managed_policies(role: Role) -> tuple[str, ...]:
    """Managed policies without a known text. Rules make no finding about a role with one of
    them."""
    return tuple(_unknown(arn for _, arn in role.managed_policies))


def _unknown(arns: Iterable[str]) -> Iterable[str]:
    return (arn for arn in arns if _name(arn) not in _table())


def _name(arn: str) -> str:
    return arn.partition(":policy/")[2]


@cache
def _table() -> dict[str, tuple[str, ...]]:
    data = Path(__file__).with_name("data") / "managed_policies.toml"
    known = tomllib.loads(data.read_text(encoding="utf-8"))
    return {name: tuple(actions) for name, actions in known.items()}
