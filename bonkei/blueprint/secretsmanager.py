"""A Secrets Manager secret: its name and ARN. Its value is in the vault, never here.

Read from aws_secretsmanager_secret and its policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bonkei.blueprint.iam import PolicyStatement, read_policy_document
from bonkei.blueprint.state import Resource, State


@dataclass(frozen=True, slots=True)
class Secret:
    address: str
    arn: str
    name: str
    kms_key_id: str = ""
    policy: tuple[PolicyStatement, ...] = ()


def read_secrets(state: State) -> tuple[Secret, ...]:
    """Read every secret without its value, which is not in the state or is ignored."""
    return tuple(
        block.read(Secret, policy=_policy(block, state))
        for block in state.managed("aws_secretsmanager_secret")
    )


def find_secret(secrets: Iterable[Secret], wanted: str) -> Secret | None:
    """The first secret with this name, or with a name that ends in it after a slash or a hyphen."""
    for secret in secrets:
        if secret.name == wanted or secret.name.endswith((f"/{wanted}", f"-{wanted}")):
            return secret
    return None


def _policy(secret: Resource, state: State) -> tuple[PolicyStatement, ...]:
    names = (secret.text("arn"), secret.text("id", ""), secret.text("name"))
    for found in state.managed("aws_secretsmanager_secret_policy"):
        if found.text("secret_arn") in names:
            return read_policy_document(found, "policy")
    return read_policy_document(secret, "policy")
