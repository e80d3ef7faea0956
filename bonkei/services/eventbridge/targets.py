"""EventBridge's targets: calls of other services."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import (
    Aws,
    AwsServiceError,
    Principal,
    RoleSession,
    ServicePrincipal,
    invocation,
    queue_url,
)
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.sns import EventTarget
from bonkei.services.eventbridge.tasks import task_to_run

_STREAM = "events"


class TargetError(BonkeiError):
    """A target is not simulated."""


class EventTargets:
    """Calls each target as EventBridge does."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def deliver(
        self, target: EventTarget, payload: str, attributes: Mapping[str, str]
    ) -> None:
        """`attributes`: of a dead letter. Raises TargetError or AwsServiceError."""
        service, operation, given = _call(target, payload)
        if attributes:
            given["MessageAttributes"] = {
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            }
        if service == "logs":
            stream = {name: given[name] for name in ("logGroupName", "logStreamName")}
            with suppress(AwsServiceError):  # it is there already
                await self._call(target, service, "CreateLogStream", stream)
        await self._call(target, service, operation, given)

    async def _call(
        self, target: EventTarget, service: str, operation: str, given: dict[str, Any]
    ) -> None:
        region = Arn.of(target.arn).region
        await self._aws.call(_principal(target), service, operation, given, region)


def _principal(target: EventTarget) -> Principal:
    """The target's role if it has one, otherwise EventBridge itself. "Using resource-based policies
    for Amazon EventBridge",
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"""
    if target.role_arn:
        return RoleSession(target.role_arn, "events", target.rule_arn)
    return ServicePrincipal("events.amazonaws.com", target.rule_arn)


def _call(target: EventTarget, payload: str) -> tuple[str, str, dict[str, Any]]:
    """Service, operation and parameters."""
    arn = target.arn
    match Arn.of(arn).service:
        case "sns":
            return "sns", "Publish", {"TopicArn": arn, "Message": payload}
        case "lambda":
            return "lambda", "Invoke", invocation(arn, payload.encode())
        case "sqs":
            message = {"QueueUrl": queue_url(arn), "MessageBody": payload}
            if target.message_group and arn.endswith(".fifo"):  # not for its dead letters
                message["MessageGroupId"] = target.message_group
            return "sqs", "SendMessage", message
        case "logs":
            group = arn.split(":", 6)[-1].removesuffix(":*")
            events = [{"timestamp": int(time.time() * 1000), "message": payload}]
            stream = {"logGroupName": group, "logStreamName": _STREAM, "logEvents": events}
            return "logs", "PutLogEvents", stream
        case "codepipeline":
            return "codepipeline", "StartPipelineExecution", {"name": arn.rpartition(":")[2]}
        case "ecs" if target.ecs:
            return "ecs", "RunTask", task_to_run(target, payload)
        case service:
            raise TargetError(f"targets of {service or arn} are not simulated")
