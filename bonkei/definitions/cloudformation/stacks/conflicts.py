"""Names that already exist.

Two stacks, or a stack and Terraform, cannot have a bucket with the same name. A stack also cannot
create a resource that an earlier stack retained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bonkei.definitions.cloudformation.stacks.values import Stack

_NAMED = {
    "aws_cloudwatch_event_rule": "name",
    "aws_cloudwatch_log_group": "name",
    "aws_codebuild_project": "name",
    "aws_codecommit_repository": "repository_name",
    "aws_codepipeline": "name",
    "aws_dynamodb_table": "name",
    "aws_iam_policy": "arn",
    "aws_iam_role": "name",
    "aws_kms_alias": "name",
    "aws_s3_bucket": "bucket",
    "aws_sns_topic": "arn",
    "aws_sqs_queue": "arn",
    "aws_ssm_parameter": "name",
}
"""For each type, the attribute that must be unique."""

Name = tuple[str, str]


def names_of(states: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterable[Name]:
    """Type and name of each named resource of Terraform's types."""
    for kind, values in states:
        if kind in _NAMED and values.get(_NAMED[kind]):
            yield kind, str(values[_NAMED[kind]])


def conflicts(
    stack: Stack, others: Iterable[Stack], elsewhere: Iterable[Name]
) -> Mapping[str, str]:
    """Say why a resource cannot be created, by its logical id. `elsewhere` has the names of
    Terraform's resources."""
    taken = dict.fromkeys(elsewhere, "")
    taken |= {
        name: other.id if each not in other.retained else ""
        for other in others
        if other.id != stack.id
        for each in other.existing
        for name in names_of(each.state)
    }
    taken |= {name: "" for each in stack.retained for name in names_of(each.state)}
    before = {each.logical_id: each.generation for each in stack.previous.resources}
    found: dict[str, str] = {}
    for each in stack.wanted.resources:
        is_new = before.get(each.logical_id) != each.generation
        for name in names_of(each.state):
            if name in taken and is_new:
                found[each.logical_id] = already_exists(each.type, each.physical_id, taken[name])
            taken[name] = stack.id
    return found


def already_exists(kind: str, identifier: str, owner: str = "") -> str:
    """CloudFormation's refusal of a name in use. `owner` is the stack that uses it, if there is
    one."""
    if owner:
        return f"{identifier} already exists in stack {owner}"
    return (
        f"Resource handler returned message: \"Resource of type '{kind}' with identifier "
        f"'{identifier}' already exists.\" (HandlerErrorCode: AlreadyExists)"
    )
