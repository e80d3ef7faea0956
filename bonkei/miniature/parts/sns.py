"""The paths from a topic or a function to the receivers of its messages. They connect rooms that do
not know each other."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsServiceError, queue_url
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.ecs.logs import FileLogSink, LogLine
from bonkei.services.lambda_.functions import Functions
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.logs import RoleWriter
from bonkei.services.slack.store import Entry, Inbox
from bonkei.services.sns.errors import DeliveryError
from bonkei.services.sns.message import Message
from bonkei.services.sns.topics import Topics

if TYPE_CHECKING:
    from bonkei.services.endpoint.cloud import Cloud


class Carriers:
    """The destinations of a topic (`bonkei.services.sns.topics.Carriers`)."""

    def __init__(
        self, functions: Callable[[], Functions], cloud: Callable[[], Cloud], inbox: Inbox
    ) -> None:
        self._functions = functions
        self._cloud = cloud
        self._inbox = inbox

    def to_function(self, arn: str, event: bytes, topic: str) -> None:
        """Lambda's resource-based policy decides."""
        try:
            self._functions().find(arn)
            self._ask("lambda:InvokeFunction", arn, topic)
            self._functions().enqueue(arn, event)
        except AwsServiceError as error:
            final = error.status < 500 and error.status != 429
            raise DeliveryError(error.message, is_final=final) from None
        except OSError as error:
            raise DeliveryError(f"it cannot be kept: {error.strerror}") from None

    async def to_queue(
        self, arn: str, body: str, attributes: Mapping[str, Mapping[str, str]], message: Message
    ) -> None:
        fifo = {}
        if arn.endswith(".fifo"):
            fifo = {
                "MessageGroupId": message.group or message.id,
                "MessageDeduplicationId": message.deduplication or message.id,
            }
        self._ask("sqs:SendMessage", arn, message.topic)
        try:
            await send(self._cloud(), "", arn, body, attributes, fifo)
        except AwsServiceError as error:
            raise DeliveryError(error.message, is_final=error.status < 500) from None

    def _ask(self, action: str, arn: str, topic: str) -> None:
        """The receiver's own policy must allow the topic. Raises DeliveryError; SNS does not retry
        then ("Client errors", Amazon SNS message delivery retries)."""
        denial = self._cloud().asks.service("sns.amazonaws.com", action, arn, topic)
        if denial:
            raise DeliveryError(denial, is_final=True)

    def to_mailbox(self, address: str, subject: str, text: str) -> None:
        body = {"subject": subject, "text": text}
        try:
            self._inbox.add(Entry(time.time(), "email", address, body))
        except OSError as error:
            raise DeliveryError(f"the inbox cannot be written: {error.strerror}") from None


async def send(
    cloud: Cloud, role_arn: str, queue: str, body: str,
    attributes: Mapping[str, Mapping[str, str]], more: Mapping[str, str],
) -> None:  # fmt: skip
    """A message into a queue. AwsServiceError."""
    content = {
        "QueueUrl": queue_url(queue),
        "MessageBody": body,
        "MessageAttributes": attributes,
        **more,
    }
    await cloud.call(role_arn, "sqs", "AmazonSQS.SendMessage", content, Arn.of(queue).region)


class Destinations:
    """The destinations of a function's results and failures
    (`bonkei.services.lambda_.waiting.Deliver`).
    """

    def __init__(
        self,
        functions: Callable[[], Functions],
        topics: Callable[[], Topics],
        cloud: Callable[[], Cloud],
    ) -> None:
        self._functions = functions
        self._topics = topics
        self._cloud = cloud

    async def __call__(
        self, role_arn: str, target: str, body: Any, attributes: Mapping[str, str]
    ) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        named = {
            name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
            for name, value in attributes.items()
        }
        match Arn.of(target).service:
            case "sqs":
                await send(self._cloud(), role_arn, target, text, named, {})
            case "sns":
                self._ask(role_arn, "sns:Publish", target)
                message = Message(str(uuid4()), target, text, time.time(), attributes=named)
                self._topics().publish(message)
            case "lambda":
                self._ask(role_arn, "lambda:InvokeFunction", target)
                self._functions().enqueue(target, text.encode())
            case "events":
                await self._put_event(role_arn, target, body)
            case other:
                raise AwsServiceError("Unsupported", f"nothing is delivered to {other} here")

    def _ask(self, role_arn: str, action: str, target: str) -> None:
        """Ask with the function's role. Calls to the endpoint are decided there."""
        if denial := self._cloud().asks.role(role_arn, "lambda", action, target):
            raise AwsServiceError("AccessDeniedException", denial, 403)

    async def _put_event(self, role_arn: str, bus: str, record: Mapping[str, Any]) -> None:
        condition = record["requestContext"]["condition"]
        result = "Success" if condition == "Success" else "Failure"
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {result}",
            "Resources": [bus, record["requestContext"]["functionArn"]],
            "Detail": json.dumps(record),
            "EventBusName": bus,
        }
        content = {"Entries": [entry]}
        await self._cloud().call(role_arn, "events", "AWSEvents.PutEvents", content)


class QueueCalls:
    """SQS for its pollers (`bonkei.services.lambda_.sources.queue.CallQueue`)."""

    def __init__(self, cloud: Callable[[], Cloud]) -> None:
        self._cloud = cloud

    async def __call__(
        self, role_arn: str, operation: str, parameters: Mapping[str, Any], region: str
    ) -> Mapping[str, Any]:
        target = f"AmazonSQS.{operation}"
        return await self._cloud().call(role_arn, "sqs", target, parameters, region)


class StreamCalls:
    """DynamoDB's streams for their readers (`bonkei.services.lambda_.sources.stream`)."""

    def __init__(self, cloud: Callable[[], Cloud]) -> None:
        self._cloud = cloud

    async def __call__(
        self, role_arn: str, operation: str, parameters: Mapping[str, Any], region: str
    ) -> Mapping[str, Any]:
        target = f"DynamoDBStreams_20120810.{operation}"
        return await self._cloud().call(role_arn, "dynamodb", target, parameters, region)


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
