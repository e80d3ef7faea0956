"""CodeCommit repositories.

Read from aws_codecommit_repository.
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.state import State


@dataclass(frozen=True, slots=True)
class CodeRepository:
    """A git repository. `default_branch` is empty until the first push, unless it is declared."""

    address: str
    arn: str
    name: str
    id: str = ""
    default_branch: str = ""
    description: str = ""
    key_arn: str = ""


def read_code_repositories(state: State) -> tuple[CodeRepository, ...]:
    """Every git repository."""
    return tuple(
        block.read(
            CodeRepository,
            name=block.text("repository_name"),
            id=block.text("repository_id", ""),
            key_arn=block.text("kms_key_id", ""),
        )
        for block in state.managed("aws_codecommit_repository")
    )
