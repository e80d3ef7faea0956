"""A Secrets Manager secret: its name and ARN; the value is in the vault, never here.

Read from aws_secretsmanager_secret.
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.state import State


@dataclass(frozen=True, slots=True)
class Secret:
    address: str
    arn: str
    name: str
    kms_key_id: str = ""


def read_secrets(state: State) -> tuple[Secret, ...]:
    """Every secret; its value is not in the state, or is not looked at."""
    return tuple(
        Secret(
            address=block.address,
            arn=block.text("arn"),
            name=block.text("name"),
            kms_key_id=block.text("kms_key_id", ""),
        )
        for block in state.managed("aws_secretsmanager_secret")
    )
