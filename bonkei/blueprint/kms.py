"""KMS keys.

Read from aws_kms_key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bonkei.blueprint.iam import PolicyStatement, read_policy_document
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.tags import read_tags


@dataclass(frozen=True, slots=True)
class Key:
    """A key. An empty `policy` means KMS's default policy: the account's IAM policies decide.
    `spec` and `usage` have CreateKey's values. `deletion_window` is in days."""

    address: str
    arn: str
    id: str
    aliases: tuple[str, ...] = ()
    rotation: bool = False
    policy: tuple[PolicyStatement, ...] = ()
    policy_text: str = ""
    description: str = ""
    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = "ENCRYPT_DECRYPT"
    enabled: bool = True
    multi_region: bool = False
    deletion_window: int = 30
    tags: Mapping[str, str] = field(default_factory=dict)


def read_keys(state: State) -> tuple[Key, ...]:
    """Every key."""
    return tuple(_key(block, state) for block in state.managed("aws_kms_key"))


def _key(block: Resource, state: State) -> Key:
    key_id = block.text("key_id", "") or block.text("id")
    names = (key_id, block.text("arn"))
    policies = [p for p in state.managed("aws_kms_key_policy") if p.text("key_id") in names]
    source = policies[0] if policies else block
    return block.read(
        Key,
        id=key_id,
        aliases=tuple(
            alias.text("name")
            for alias in state.managed("aws_kms_alias")
            if alias.text("target_key_id") in names
        ),
        rotation=block.flag("enable_key_rotation"),
        policy=read_policy_document(source, "policy"),
        policy_text=source.text("policy", ""),
        spec=block.text("customer_master_key_spec", "") or "SYMMETRIC_DEFAULT",
        usage=block.text("key_usage", "") or "ENCRYPT_DECRYPT",
        enabled=block.flag("is_enabled", True),
        deletion_window=block.integer("deletion_window_in_days", 30),
        tags=read_tags(block),
    )
