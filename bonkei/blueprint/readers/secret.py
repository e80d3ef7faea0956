"""aws_secretsmanager_secret."""

from __future__ import annotations

from bonkei.blueprint.secret import Secret
from bonkei.blueprint.state import State


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
