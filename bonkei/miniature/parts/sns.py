"""The paths from a topic or a function to the receivers of its messages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import (
    Aws,
    AwsServiceError,
    RoleSession,
    ServicePrincipal,
    invocation,
    queue_url,
)
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.ecs.logs import FileLogSink, LogLine
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.logs import RoleWriter
from bonkei.services.slack.store import Entry, Inbox
from bonkei.services.sns.errors import DeliveryError
from bonkei.services.sns.message import Message


class Carriers:
    """The destinations of a topic (`bonkei.services.sns.topics.Carriers`)."""

    def __init__(self, aws: Aws, inbox: Inbox) -> None:
        self._aws = aws
        self._inbox = inbox

    async def to_function(self, arn: str, event: bytes, topic: str) -> None:
        """Lambda's resource-based policy decides."""
        await self._deliver(topic, "lambda", "Invoke", invocation(arn, event), arn)

    async def to_queue(
        self, arn: str, body: str, attributes: Mapping[str, Mapping[str, str]], message: Message
    ) -> None:
        given = _message(arn, body, attributes)
        if arn.endswith(".fifo"):
            given["MessageGroupId"] = message.group or message.id
            given["MessageDeduplicationId"] = message.deduplication or message.id
        await self._deliver(message.topic, "sqs", "SendMessage", given, arn)

    async def _deliver(
        self, topic: str, service: str, operation: str, given: Mapping[str, Any], arn: str
    ) -> None:
        """The receiver's own policy must allow the topic. Raises DeliveryError. SNS does not retry
        a client's error (Amazon SNS message delivery retries)."""
        sns = ServicePrincipal("sns.amazonaws.com", topic)
        try:
            await self._aws.call(sns, service, operation, given, Arn.of(arn).region)
        except AwsServiceError as error:
            final = error.status < 500 and error.status != 429
            raise DeliveryError(error.message, is_final=final) from None

    def to_mailbox(self, address: str, subject: str, text: str) -> None:
        body = {"subject": subject, "text": text}
        try:
            self._inbox.add(Entry(time.time(), "email", address, body))
        except OSError as error:
            raise DeliveryError(f"the inbox cannot be written: {error.strerror}") from None


def _message(queue: str, body: str, attributes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The parameters of SendMessage."""
    return {"QueueUrl": queue_url(queue), "MessageBody": body, "MessageAttributes": attributes}


class Destinations:
    """The destinations of a function's results and failures
    (`bonkei.services.lambda_.waiting.Deliver`), with the function's role.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def __call__(
        self, role_arn: str, target: str, body: Any, attributes: Mapping[str, str]
    ) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        named = {
            name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
            for name, value in attributes.items()
        }
        given: Mapping[str, Any]
        match Arn.of(target).service:
            case "sqs" as service:
                operation, given = "SendMessage", _message(target, text, named)
            case "sns" as service:
                operation = "Publish"
                given = {"TopicArn": target, "Message": text, "MessageAttributes": named}
            case "lambda" as service:
                operation, given = "Invoke", invocation(target, text.encode())
            case "events" as service:
                operation, given = "PutEvents", {"Entries": [_event(target, body)]}
            case other:
                raise AwsServiceError("Unsupported", f"nothing is delivered to {other} here")
        role = RoleSession(role_arn, "lambda")
        await self._aws.call(role, service, operation, given, Arn.of(target).region)


def _event(bus: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event of an invocation's result."""
    condition = record["requestContext"]["condition"]
    result = "Success" if condition == "Success" else "Failure"
    return {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {result}",
        "Resources": [bus, record["requestContext"]["functionArn"]],
        "Detail": json.dumps(record),
        "EventBusName": bus,
    }


class SourceCalls:
    """A queue or a stream for its pollers (`bonkei.services.lambda_.sources.queue.CallQueue`).
    `service`: botocore's name."""

    def __init__(self, aws: Aws, service: str) -> None:
        self._aws = aws
        self._service = service

    async def __call__(
        self, role_arn: str, operation: str, parameters: Mapping[str, Any], region: str
    ) -> Mapping[str, Any]:
        role = RoleSession(role_arn, "lambda")
        return await self._aws.call(role, self._service, operation, parameters, region)


class FunctionLogs:
    """The output of functions: into their log groups, if their roles allow it, and for `bonkei
    logs`."""

    def __init__(
        self,
        writer: Callable[[str, str], RoleWriter],
        files: FileLogSink,
        report: Callable[[str], None],
    ) -> None:
        self._writer = writer
        self._files = files
        self._report = report
        self._reported: set[tuple[str, str]] = set()

    def write(self, function: Function, stream: str, events: Sequence[tuple[int, str]]) -> None:
        execution = stream.rpartition("]")[2]
        self._files.write(
            [
                LogLine(function.name, "function", execution, "stdout", at / 1000, line)
                for at, text in events
                for line in text.split("\n")
            ]
        )
        try:
            self._put(function, stream, events)
        except LogsError as error:
            if (function.arn, error.code) not in self._reported:
                self._reported.add((function.arn, error.code))
                self._report(f"{function.name}: its log is not written: {error.message}")

    def _put(self, function: Function, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Lambda creates the stream. It also creates a missing group, if the role allows it."""
        group, region = function.log_group, Arn.of(function.arn).region
        writer = self._writer(function.role_arn, region)
        try:
            writer.put_all(group, stream, events)
        except LogsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            try:
                writer.create_stream(group, stream)
            except LogsError as missing:
                if missing.code != "ResourceNotFoundException":
                    raise
                with suppress(LogsError):
                    writer.create_group(group)
                writer.create_stream(group, stream)
            writer.put_all(group, stream, events)
