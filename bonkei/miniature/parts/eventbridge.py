"""EventBridge's targets here: calls of the services that the rooms answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import (
    Asks,
    AwsCall,
    AwsService,
    AwsServiceError,
    Caller,
    NothingIsAsked,
    queue_url,
)
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.sns import EventTarget
from bonkei.miniature.measures.queues import CallQueue

_STREAM = "events"
_SESSION = "events"
_ACCOUNT = 4  # its place in an ARN


class TargetError(BonkeiError):
    """A target does not take an event, or is not simulated."""


class EventTargets:
    """`services`: those of the rooms, by botocore's names. More may be added later. `call_queue`:
    calls the queues in the store. `asks`: EventBridge's permissions."""

    def __init__(
        self,
        services: Mapping[str, AwsService],
        call_queue: CallQueue,
        asks: Callable[[], Asks] = NothingIsAsked,
    ) -> None:
        self._services = services
        self._call_queue = call_queue
        self._asks = asks

    async def deliver(self, target: EventTarget, payload: str) -> None:
        """Call the target as EventBridge does. TargetError."""
        arn = target.arn
        service = Arn.of(arn).service
        for action, resource in _needs(service, target):
            if denial := self._ask(target, action, resource):
                raise TargetError(denial)
        if service == "sns":
            await self._call(arn, "sns", "Publish", {"TopicArn": arn, "Message": payload})
        elif service == "lambda":
            given = {"FunctionName": arn, "InvocationType": "Event", "Payload": payload.encode()}
            await self._call(arn, "lambda", "Invoke", given)
        elif service == "sqs":
            await self._send(target, payload)
        elif service == "logs":
            await self._log(arn, payload)
        elif service == "codepipeline":
            named = {"name": arn.rpartition(":")[2]}
            await self._call(arn, "codepipeline", "StartPipelineExecution", named)
        elif service == "ecs" and target.task_definition_arn:
            task: dict[str, Any] = {
                "cluster": arn,
                "taskDefinition": target.task_definition_arn,
                "count": target.task_count,
                "launchType": "FARGATE",
            }
            await self._call(arn, "ecs", "RunTask", task)
        else:
            raise TargetError(f"targets of {service or arn} are not simulated")

    def _ask(self, target: EventTarget, action: str, resource: str) -> str:
        """Ask with the target's role if it has one, otherwise in EventBridge's own name."""
        if target.role_arn:
            return self._asks().role(target.role_arn, _SESSION, action, resource)
        return self._asks().service("events.amazonaws.com", action, resource, target.rule_arn)

    async def _send(self, target: EventTarget, payload: str) -> None:
        arn = target.arn
        given = {"QueueUrl": queue_url(arn), "MessageBody": payload}
        if target.message_group and arn.endswith(".fifo"):  # not for its dead letters
            given["MessageGroupId"] = target.message_group
        try:
            await self._call_queue("SendMessage", given, Arn.of(arn).region)
        except AwsServiceError as error:
            raise TargetError(str(error)) from None

    async def _log(self, arn: str, payload: str) -> None:
        group = arn.split(":", 6)[-1].removesuffix(":*")
        named = {"logGroupName": group, "logStreamName": _STREAM}
        with suppress(TargetError):  # it is there already
            await self._call(arn, "logs", "CreateLogStream", named)
        event = {"timestamp": int(time.time() * 1000), "message": payload}
        await self._call(arn, "logs", "PutLogEvents", named | {"logEvents": [event]})

    async def _call(self, arn: str, service: str, operation: str, given: dict[str, Any]) -> None:
        room = self._services.get(service)
        if room is None or operation not in room.operations:
            raise TargetError(f"nobody here answers {service}:{operation}")
        place = Arn.of(arn)
        caller = Caller("events.amazonaws.com", "events.amazonaws.com", place.account)
        call = AwsCall(service, operation, given, caller, place.region, time.time())
        try:
            await room.answer(call)
        except AwsServiceError as error:
            raise TargetError(str(error)) from None


def _needs(service: str, target: EventTarget) -> Iterator[tuple[str, str]]:
    """ "Using resource-based policies for Amazon EventBridge", and its roles for targets,
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"""
    if service == "sns":
        yield "sns:Publish", target.arn
    elif service == "lambda":
        yield "lambda:InvokeFunction", target.arn
    elif service == "sqs":
        yield "sqs:SendMessage", target.arn
    elif service == "logs":
        yield "logs:PutLogEvents", f"{target.arn.removesuffix(':*')}:log-stream:{_STREAM}"
    elif service == "codepipeline" and target.role_arn:
        yield "codepipeline:StartPipelineExecution", target.arn
    elif service == "ecs" and target.role_arn and target.task_definition_arn:
        yield "ecs:RunTask", target.task_definition_arn
