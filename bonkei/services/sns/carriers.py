"""The ways from a topic to its subscribers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Aws, AwsServiceError, ServicePrincipal, invocation, queue_url
from bonkei.services.sns.errors import DeliveryError
from bonkei.services.sns.message import Message


class AwsCarriers:
    """`Carriers` by calls of AWS. `mail` puts a subject and a text into an address's mailbox."""

    def __init__(self, aws: Aws, mail: Callable[[str, str, str], None]) -> None:
        self._aws = aws
        self._mail = mail

    async def to_function(self, arn: str, event: bytes, topic: str) -> None:
        """Lambda's resource-based policy decides."""
        await self._deliver(topic, "lambda", "Invoke", invocation(arn, event), arn)

    async def to_queue(
        self, arn: str, body: str, attributes: Mapping[str, Mapping[str, str]], message: Message
    ) -> None:
        given = {"QueueUrl": queue_url(arn), "MessageBody": body, "MessageAttributes": attributes}
        if message.trace:
            trace = {"DataType": "String", "StringValue": message.trace}
            given["MessageSystemAttributes"] = {"AWSTraceHeader": trace}
        if message.group and not message.is_of_fifo:  # of fair queues
            given["MessageGroupId"] = message.group
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
        try:
            self._mail(address, subject, text)
        except OSError as error:
            raise DeliveryError(f"the inbox cannot be written: {error.strerror}") from None
