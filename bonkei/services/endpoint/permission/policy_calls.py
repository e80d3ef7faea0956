"""The calls that write the policies of buckets and queues.

S3 and SQS refuse a document that is not a policy: "PutBucketPolicy" and "Bucket policies" (Amazon
S3), "SetQueueAttributes" (Amazon SQS). What has become of the policy, the store says.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from bonkei.analysis.policy.document import MalformedPolicyError, read_resource_policy
from bonkei.base.aws_service import queue_url
from bonkei.blueprint.iam import PolicyStatement
from bonkei.services.endpoint.calls.request import Call, Request, s3_resource
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.permission import services
from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.required import sent_parameters

Ask = Callable[[Request, bytes], Awaitable[tuple[int, bytes]]]
"""The store's answer to a short call of the same service: its status and its body."""

_OF_S3 = frozenset({"PutBucketPolicy", "DeleteBucketPolicy", "DeleteBucket"})
_OF_SQS = frozenset({"SetQueueAttributes", "CreateQueue", "AddPermission", "RemovePermission",
                     "DeleteQueue"})  # fmt: skip
_LONGEST = 20 * 1024  # bytes of a bucket's policy
_NO_VALUE = "Invalid value for the parameter Policy."


def holder(call: Call, request: Request, body: bytes | None, names: Names) -> str:
    """The ARN of the resource whose policy this call may change; empty for any other call. Raises
    ApiError for a document that is not a policy."""
    if call.service == "s3" and call.operation in _OF_S3:
        bucket = s3_resource(request)[0]
        if call.operation == "PutBucketPolicy":
            _check_bucket_policy(bucket, body or b"")
        return f"arn:{names.place.partition}:s3:::{bucket}"
    if call.service != "sqs" or call.operation not in _OF_SQS:
        return ""
    given = sent_parameters(call, request, body or b"")
    for text in filter(None, _written(given)):
        try:
            read_resource_policy("the queue's policy", text)
        except MalformedPolicyError:
            raise ApiError("InvalidAttributeValue", _NO_VALUE) from None
    here = names.in_region(call.region)
    needed = services.required("sqs", call.operation, given, here) or ()
    return next((each.resource for each in needed), "")


async def current(ask: Ask, arn: str) -> str:
    """The policy of a bucket or a queue as the store has it; empty if there is none."""
    if ":s3:::" in arn:
        status, body = await ask(Request("GET", f"/{arn.rpartition(':')[2]}", "policy", ()), b"")
        return body.decode("utf-8", "replace") if status == 200 else ""
    wanted = {"QueueUrl": queue_url(arn), "AttributeNames": ["Policy"]}
    headers = (
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "AmazonSQS.GetQueueAttributes"),
    )
    status, body = await ask(Request("POST", "/", "", headers), json.dumps(wanted).encode())
    found = json.loads(body) if status == 200 else {}
    return str((found.get("Attributes") or {}).get("Policy") or "")


def _written(given: Mapping[str, Any]) -> Iterator[str]:
    """The texts of a queue's policy in the JSON protocol, or in the query protocol."""
    attributes = given.get("Attributes")
    if isinstance(attributes, Mapping):
        yield str(attributes.get("Policy") or "")
    for name, value in given.items():
        if name.startswith("Attribute.") and name.endswith(".Name") and value == "Policy":
            yield str(given.get(name.removesuffix("Name") + "Value") or "")


def _check_bucket_policy(bucket: str, body: bytes) -> None:
    if len(body) > _LONGEST:
        message = "Policy exceeds the maximum allowed document size."
        raise ApiError("MalformedPolicy", message)
    text = body.decode("utf-8", "replace")
    try:
        for statement in read_resource_policy("the bucket's policy", text):
            _check_statement(bucket, statement)
    except MalformedPolicyError as error:
        raise ApiError("MalformedPolicy", str(error)) from None


def _check_statement(bucket: str, statement: PolicyStatement) -> None:
    actions = (*statement.actions, *statement.not_actions)
    if not all(each == "*" or each.lower().startswith("s3:") for each in actions):
        raise MalformedPolicyError("Policy has invalid action")
    resources = (*statement.resources, *statement.not_resources)
    if not resources:
        raise MalformedPolicyError("Missing required field Resource")
    if not all(_is_of(bucket, each) for each in resources):
        raise MalformedPolicyError("Policy has invalid resource")


def _is_of(bucket: str, resource: str) -> bool:
    """Whether a policy of the bucket may name it. A wildcard before the first slash is taken."""
    _, is_s3, path = resource.partition(":s3:::")
    name = path.partition("/")[0]
    return bool(is_s3) and (name == bucket or any(each in name for each in "*?$"))
