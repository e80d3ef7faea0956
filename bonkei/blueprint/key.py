"""KMS keys."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.role import PolicyStatement


@dataclass(frozen=True, slots=True)
class Key:
    """An empty `policy` means KMS's default one: the account's IAM policies decide."""

    address: str
    arn: str
    id: str
    aliases: tuple[str, ...] = ()
    rotation: bool = False
    policy: tuple[PolicyStatement, ...] = ()
