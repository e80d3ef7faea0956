"""The services that Bonkei answers, and those that the store answers."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.base.aws_service import AwsService
from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.wire.model import ServiceModel, find_model

BACKED = frozenset({"s3", "sqs", "dynamodb", "ssm", "kms"})
"""MiniStack's services, by the name in the credential scope. DynamoDB's streams are signed as
`dynamodb` too."""

TARGETS: Mapping[str, tuple[str, str]] = {
    "sqs": ("sqs", "AmazonSQS"),
    "dynamodb": ("dynamodb", "DynamoDB_20120810"),
    "dynamodbstreams": ("dynamodb", "DynamoDBStreams_20120810"),
    "ssm": ("ssm", "AmazonSSM"),
    "kms": ("kms", "TrentService"),
}
"""Botocore's names of these services -> the name in the credential scope, and in X-Amz-Target. The
store obeys that header before the signature."""

Own = Mapping[str, AwsService]
"""By botocore's names. A miniature adds to it as its services are created."""


def find_own(call: Call, own: Own) -> tuple[ServiceModel, AwsService] | None:
    """Bonkei's own service for a call, even if the service does not have the operation."""
    model = find_model(call.service)
    service = own.get(model.name) if model is not None else None
    return None if model is None or service is None else (model, service)


def is_passed_on(call: Call, own: Own) -> bool:
    """Whether MiniStack answers. A service with the service comes first."""
    return call.service in BACKED and find_own(call, own) is None


def require_own_target(call: Call, request: Request) -> None:
    """Raises ApiError for a call that is signed for one service and names another one."""
    target = request.header.get("x-amz-target")
    known = call.service not in BACKED - {"s3"} or not target
    if not known and (call.service, str(target).rpartition(".")[0]) not in TARGETS.values():
        raise ApiError("UnknownOperationException", f"{call.service} has no {target}.", 400)


def is_served(call: Call, own: Own) -> bool:
    return call.service in BACKED or find_own(call, own) is not None


def not_served(call: Call, own: Own, request: Request) -> ApiError:
    """The answer to an unknown call. It names the call, and the available services."""
    message = f"The miniature does not answer {call.service}:{call.operation}."
    if "terraform-provider-aws" in request.header.get("user-agent", ""):
        message += " `bonkei apply` applies the definitions, `bonkei reset` removes everything."
    elif not is_served(call, own):
        message += f" It answers: {', '.join(sorted(BACKED | set(own)))}."
    return ApiError("InvalidAction", message, 400)
