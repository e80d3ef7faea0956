"""aws_iam_role with every policy that is attached to it."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.readers.policy_document import read_policy_document
from bonkei.blueprint.readers.uses import uses_of
from bonkei.blueprint.role import PolicyStatement, Role
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.use import Use

# Naming a role in these does not use it.
_NOT_A_USE = ("aws_iam_", "aws_kms_", "random_", "terraform_data", "null_resource")


def read_roles(state: State) -> tuple[Role, ...]:
    """Every role, with the resources that name it in an argument of theirs."""
    return tuple(_role(block, state) for block in state.managed("aws_iam_role"))


def _role(block: Resource, state: State) -> Role:
    statements = [
        statement
        for policy in block.blocks("inline_policy")
        for statement in read_policy_document(policy, "policy")
    ]
    for policy in _inline(block, state):
        statements += read_policy_document(policy, "policy")
    managed: list[tuple[str, str]] = []
    for address, arn in _attached(block, state):
        found = state.find(arn, "arn", "aws_iam_policy")
        if found is None or not found.has("policy"):  # AWS's own, perhaps looked up
            managed.append((address, arn))
        else:
            statements += read_policy_document(found, "policy")
    return Role(
        address=block.address,
        arn=block.text("arn"),
        name=block.text("name"),
        trust=read_policy_document(block, "assume_role_policy"),
        statements=_unique(statements),
        managed_policies=tuple(managed),
        permissions_boundary=block.text("permissions_boundary", ""),
        users=(
            *uses_of((block.text("arn"),), state, not_by=_NOT_A_USE),
            *_profiles(block.text("name"), state),
        ),
    )


def _inline(role: Resource, state: State) -> Iterator[Resource]:
    for policy in state.managed("aws_iam_role_policy"):
        if policy.text("role") in (role.text("name"), role.text("id", role.text("name"))):
            yield policy


def _attached(role: Resource, state: State) -> Iterator[tuple[str, str]]:
    for arn in role.texts("managed_policy_arns"):
        yield role.address, arn
    for attachment in state.managed("aws_iam_role_policy_attachment"):
        if attachment.text("role") == role.text("name"):
            yield attachment.address, attachment.text("policy_arn")
    for attachment in state.managed("aws_iam_policy_attachment"):
        if role.text("name") in attachment.texts("roles"):
            yield attachment.address, attachment.text("policy_arn")


def _unique(statements: list[PolicyStatement]) -> tuple[PolicyStatement, ...]:
    """In order; the state repeats an inline policy in the role's own computed attribute."""
    seen: dict[tuple[object, ...], PolicyStatement] = {}
    for statement in statements:
        key = (statement.effect, statement.actions, statement.resources, statement.conditions)
        # The later one is of the policy's own resource, which is where it is written.
        seen[(*key, statement.not_actions, statement.not_resources)] = statement
    return tuple(seen.values())


def _profiles(name: str, state: State) -> Iterator[Use]:
    """An instance profile names its role by name."""
    for profile in state.managed("aws_iam_instance_profile"):
        if profile.text("role", "") == name:
            yield Use(profile.address, profile.type, "role")
