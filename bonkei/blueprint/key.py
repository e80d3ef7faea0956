"""KMS keys.

Read from aws_kms_key.
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.role import PolicyStatement, read_policy_document
from bonkei.blueprint.state import Resource, State


@dataclass(frozen=True, slots=True)
class Key:
    """An empty `policy` means KMS's default one: the account's IAM policies decide."""

    address: str
    arn: str
    id: str
    aliases: tuple[str, ...] = ()
    rotation: bool = False
    policy: tuple[PolicyStatement, ...] = ()


def read_keys(state: State) -> tuple[Key, ...]:
    """Every key."""
    return tuple(_key(block, state) for block in state.managed("aws_kms_key"))


def _key(block: Resource, state: State) -> Key:
    key_id = block.text("key_id", "") or block.text("id")
    names = (key_id, block.text("arn"))
    policies = [p for p in state.managed("aws_kms_key_policy") if p.text("key_id") in names]
    return Key(
        address=block.address,
        arn=block.text("arn"),
        id=key_id,
        aliases=tuple(
            alias.text("name")
            for alias in state.managed("aws_kms_alias")
            if alias.text("target_key_id") in names
        ),
        rotation=block.flag("enable_key_rotation"),
        policy=read_policy_document(policies[0] if policies else block, "policy"),
    )
