"""What AWS refuses of a stack's resources: a bucket's policy without its bucket, an invalid value.

The checks of values are those of Terraform's resources of the same type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bonkei.definitions.cloudformation.resources.kind import TypedValues
from bonkei.definitions.cloudformation.stacks.conflicts import Name
from bonkei.definitions.cloudformation.stacks.values import Stack, StackResource

_NO_ROLE = "The role with name {} cannot be found. (Service: Iam, Status Code: 404)"
_NO_TOPIC = "Topic does not exist: {} (Service: Sns, Status Code: 404)"
_OWNERS = {
    "aws_iam_role_policy": ("role", "aws_iam_role", _NO_ROLE),
    "aws_iam_role_policy_attachment": ("role", "aws_iam_role", _NO_ROLE),
    "aws_kms_alias": (
        "target_key_id",
        "aws_kms_key",
        "Key '{}' does not exist (Service: Kms, Status Code: 400)",
    ),
    "aws_s3_bucket_policy": (
        "bucket",
        "aws_s3_bucket",
        "The specified bucket does not exist: {} (Service: S3, Status Code: 404)",
    ),
    "aws_sns_topic_policy": ("arn", "aws_sns_topic", _NO_TOPIC),
    "aws_sns_topic_subscription": ("topic_arn", "aws_sns_topic", _NO_TOPIC),
    "aws_sqs_queue_policy": (
        "queue_url",
        "aws_sqs_queue",
        "The specified queue does not exist: {} (Service: Sqs, Status Code: 400)",
    ),
}
"""For each type: the attribute that names the owner, the owner's type, and AWS's refusal."""
_NAMES = ("id", "arn", "name", "key_id", "bucket", "url")


_OF_CALLS = ("aws_sns_topic", "aws_sqs_queue")
"""Owners that calls may have made: the miniature then adds to them by calls, too."""


def without_owner(
    new: Iterable[StackResource], stacks: Iterable[Stack], elsewhere: Iterable[TypedValues]
) -> Mapping[str, tuple[str, Name | None]]:
    """The refusal of each resource whose owner nothing declares, by logical id; and the owner if a
    call may have made it. `stacks` are all stacks, with their targets."""
    there = set(_names(elsewhere))
    for stack in stacks:
        for each in (*stack.existing, *stack.wanted.resources):
            there |= set(_names(each.state))
    return {
        each.logical_id: refusal
        for each in new
        for kind, values in each.state
        if kind in _OWNERS and (refusal := _refusal(kind, values, there)) is not None
    }


def _names(states: Iterable[TypedValues]) -> Iterable[tuple[str, str]]:
    owners = {owner for _, owner, _ in _OWNERS.values()}
    for kind, values in states:
        if kind in owners:
            yield from ((kind, str(values[name])) for name in _NAMES if values.get(name))


def _refusal(
    kind: str, values: Mapping[str, object], there: set[tuple[str, str]]
) -> tuple[str, Name | None] | None:
    attribute, owner, refusal = _OWNERS[kind]
    name = str(values.get(attribute, ""))
    if (owner, name) in there:
        return None
    return refusal.format(name), (owner, name) if owner in _OF_CALLS else None


def invalid(resources: Iterable[StackResource]) -> Mapping[str, str]:
    """Say why AWS refuses a resource's values, by logical id. The first call is slow, because it
    loads the checks of every service."""
    from bonkei.definitions.provider.aws import RESOURCES  # noqa: PLC0415 - large, and not needed before

    found: dict[str, str] = {}
    for each in resources:
        for kind, values in each.state:
            behaviour = RESOURCES.get(kind)
            problems = behaviour.validate(values) if behaviour is not None else ()
            wrong = [one for one in problems if one.severity == "error"]
            if wrong and each.logical_id not in found:
                place = ".".join(map(str, wrong[0].path))
                what = wrong[0].detail or wrong[0].summary
                found[each.logical_id] = f"Invalid request provided: {place}: {what}"
    return found
