"""ECR repositories.

Read from aws_ecr_repository and its policy.
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.role import PolicyStatement, read_policy_document
from bonkei.blueprint.state import State


@dataclass(frozen=True, slots=True)
class Repository:
    address: str
    arn: str
    name: str
    url: str
    immutable: bool = False
    scan_on_push: bool = False
    lifecycle_policy: str = ""
    policy: tuple[PolicyStatement, ...] = ()


def read_repositories(state: State) -> tuple[Repository, ...]:
    """Every image repository."""
    lifecycles = {
        p.text("repository"): p.text("policy") for p in state.managed("aws_ecr_lifecycle_policy")
    }
    return tuple(
        Repository(
            address=block.address,
            arn=block.text("arn"),
            name=block.text("name"),
            url=block.text("repository_url"),
            immutable=block.text("image_tag_mutability", "MUTABLE").startswith("IMMUTABLE"),
            scan_on_push=any(
                c.flag("scan_on_push") for c in block.blocks("image_scanning_configuration")
            ),
            lifecycle_policy=lifecycles.get(block.text("name"), ""),
            policy=tuple(
                statement
                for found in state.managed("aws_ecr_repository_policy")
                if found.text("repository") == block.text("name")
                for statement in read_policy_document(found, "policy")
            ),
        )
        for block in state.managed("aws_ecr_repository")
    )
