"""IAM roles: who may take them, what they may do, and what uses them."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.use import Use


@dataclass(frozen=True, slots=True)
class PolicyStatement:
    """A statement of a policy document; `address` is of the resource that it is written in."""

    address: str
    effect: str  # Allow | Deny
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()  # (Service | AWS | Federated | *, value)
    conditions: tuple[tuple[str, str, str], ...] = ()  # (operator, key, value)
    sid: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """`managed_policies` are ARNs of policies whose text is not in the state (AWS's own)."""

    address: str
    arn: str
    name: str
    trust: tuple[PolicyStatement, ...]
    statements: tuple[PolicyStatement, ...] = ()
    managed_policies: tuple[tuple[str, str], ...] = ()  # (address of the attachment, ARN)
    permissions_boundary: str = ""
    users: tuple[Use, ...] = ()
