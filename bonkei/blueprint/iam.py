"""IAM roles: their trust policies, their permissions, and their uses.

Read from aws_iam_role and every attached policy. Grammar of the documents:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.use import Use, uses_of

_WITH_VARIABLES = "2012-10-17"


@dataclass(frozen=True, slots=True)
class PolicyStatement:
    """A statement of a policy document. `address` is the resource that contains the document.
    `has_variables` says whether the document's version knows policy variables."""

    address: str
    effect: str  # Allow | Deny
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()  # (Service | AWS | Federated | *, value)
    conditions: tuple[tuple[str, str, str], ...] = ()  # (operator, key, value)
    sid: str = ""
    not_principals: tuple[tuple[str, str], ...] = ()
    has_variables: bool = True


@dataclass(frozen=True, slots=True)
class Role:
    """A role. `managed_policies` are ARNs of policies without their text in the state (AWS's own).
    `boundary` has the statements of the permissions boundary, if they are in the state."""

    address: str
    arn: str
    name: str
    trust: tuple[PolicyStatement, ...]
    statements: tuple[PolicyStatement, ...] = ()
    managed_policies: tuple[tuple[str, str], ...] = ()  # (address of the attachment, ARN)
    permissions_boundary: str = ""
    boundary: tuple[PolicyStatement, ...] = ()
    users: tuple[Use, ...] = ()


def read_written_policies(state: State) -> Mapping[str, str]:
    """Where a resource's policy is written: its address, and that of the aws_iam_policy_document
    with the same text. Among several, it is the nearest one on the way of the modules."""
    written: dict[Any, list[str]] = {}
    for each in state.known("aws_iam_policy_document"):
        written.setdefault(each.values.get("json"), []).append(each.address)
    return {
        each.address: max(alike, key=partial(_shared, each.address))
        for each in state.resources
        if isinstance(text := each.values.get("policy"), str) and (alike := written.get(text))
    }


def _shared(address: str, other: str) -> int:
    pairs = zip(address.split("."), other.split("."), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def read_policy_document(block: Block, name: str) -> tuple[PolicyStatement, ...]:
    """The statements of a policy in an attribute (JSON text); none if it is unset.

    Without `Version`, a document has the version 2008-10-17, where `${aws:username}` is plain text:
    "IAM JSON policy elements: Version".
    """
    if not block.has(name):
        return ()
    document = Block(block.address, {name: block.json(name)}, block.path).required_block(name)
    has_variables = document.text("Version", "") == _WITH_VARIABLES
    return tuple(_statement(item, has_variables) for item in document.blocks("Statement"))


def _statement(block: Block, has_variables: bool) -> PolicyStatement:
    return PolicyStatement(
        address=block.address,
        effect=block.choice("Effect", ("Allow", "Deny")),
        actions=_one_or_many(block, "Action"),
        not_actions=_one_or_many(block, "NotAction"),
        resources=_one_or_many(block, "Resource"),
        not_resources=_one_or_many(block, "NotResource"),
        principals=tuple(sorted(_principals(block, "Principal"))),
        conditions=tuple(sorted(_conditions(block))),
        sid=block.text("Sid", ""),
        not_principals=tuple(sorted(_principals(block, "NotPrincipal"))),
        has_variables=has_variables,
    )


def _one_or_many(block: Block, name: str) -> tuple[str, ...]:
    value = block.values.get(name)
    if isinstance(value, str):
        return (value,)
    return tuple(sorted(block.texts(name)))


def _principals(block: Block, name: str) -> Iterator[tuple[str, str]]:
    value = block.values.get(name)
    if value == "*":
        yield ("*", "*")
        return
    principal = block.block(name) if value is not None else None
    if principal is not None:
        for kind in principal.values:
            for item in _one_or_many(principal, kind):
                yield (kind, item)


def _conditions(block: Block) -> Iterator[tuple[str, str, str]]:
    for condition in block.blocks("Condition"):
        for operator in condition.values:
            for keys in condition.blocks(operator):
                for key, value in keys.values.items():
                    for item in _flat(value):
                        yield (operator, key, item)


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif not isinstance(value, Mapping):
        yield str(value)


# If one of these names a role, that does not count as a use.
_NOT_A_USE = ("aws_iam_", "aws_kms_", "random_", "terraform_data", "null_resource")


def read_roles(state: State) -> tuple[Role, ...]:
    """Every role, with the resources that name it in an argument."""
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
    return block.read(
        Role,
        trust=read_policy_document(block, "assume_role_policy"),
        statements=_unique(statements),
        managed_policies=tuple(managed),
        boundary=_boundary(block, state),
        users=(
            *uses_of((block.text("arn"),), state, not_by=_NOT_A_USE),
            *_profiles(block.text("name"), state),
        ),
    )


def _boundary(role: Resource, state: State) -> tuple[PolicyStatement, ...]:
    found = state.find(role.text("permissions_boundary", ""), "arn", "aws_iam_policy")
    return () if found is None else read_policy_document(found, "policy")


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
    for attachments in state.managed("aws_iam_role_policy_attachments_exclusive"):
        if attachments.text("role_name") == role.text("name"):
            yield from ((attachments.address, arn) for arn in attachments.texts("policy_arns"))


def _unique(statements: list[PolicyStatement]) -> tuple[PolicyStatement, ...]:
    """Drop repetitions and keep the order. The state repeats an inline policy in the role's
    computed attribute."""
    seen: dict[tuple[object, ...], PolicyStatement] = {}
    for statement in statements:
        key = (statement.effect, statement.actions, statement.resources, statement.conditions)
        # The later one is that of the policy's own resource, where the policy is written.
        seen[(*key, statement.not_actions, statement.not_resources)] = statement
    return tuple(seen.values())


def _profiles(name: str, state: State) -> Iterator[Use]:
    """An instance profile names its role by name."""
    for profile in state.managed("aws_iam_instance_profile"):
        if profile.text("role", "") == name:
            yield Use(profile.address, profile.type, "role")
