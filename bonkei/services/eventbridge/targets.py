"""EventBridge's targets: calls of other services."""

from __future__ import annotations

import json
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


_OVERRIDES = (
    *("containerOverrides", "cpu", "ephemeralStorage", "executionRoleArn", "memory"),
    "taskRoleArn",
)
_RENAMED = {"taskDefinitionArn": "taskDefinition", "taskCount": "count"}


def task_to_run(target: EventTarget, payload: str) -> dict[str, Any]:
    """A target's task as RunTask's parameters. EcsParameters say how it runs, and the payload has
    its overrides. Without a count it is one task. `startedBy` names the rule, or the schedule.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/tasks-scheduled-eventbridge-scheduler.html
    """
    own = {_RENAMED.get(name, name): value for name, value in _spelled(target.ecs).items()}
    name = target.rule_arn.rpartition("/")[2]
    kind = "chronos-schedule" if ":scheduler:" in target.rule_arn else "events-rule"
    found = {"count": 1, **own, "cluster": target.arn, "startedBy": f"{kind}/{name}"}
    overrides = _overrides(payload)
    return found | ({"overrides": overrides} if overrides else {})


def _spelled(value: Any) -> Any:
    """ECS's names begin with a small letter."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _spelled(each) for name, each in value.items()}
    return [_spelled(each) for each in value] if isinstance(value, list) else value


def _overrides(payload: str) -> dict[str, Any]:
    """An event that has none runs the task as its definition says."""
    try:
        given = json.loads(payload)
    except ValueError:
        return {}
    if not isinstance(given, dict):
        return {}
    return {name: given[name] for name in _OVERRIDES if name in given}
