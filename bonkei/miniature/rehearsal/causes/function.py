"""A function that really fails, because the webhook really refuses its message."""

from __future__ import annotations

import asyncio
import json
import time
from uuid import uuid4

from bonkei.base.aws_service import Aws
from bonkei.miniature.rehearsal.causes.aws import call
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.miniature.rehearsal.values import Webhook

_ATTEMPTS = 3  # a function may retry before it gives up
_PATIENCE = 20.0  # seconds for calls that are already in progress
_LOOK = 0.1


class Refused(Quiet):
    """The function is called once, and its result is awaited. Nothing is retried later. Earlier
    messages to Slack arrive first, because they would be refused, too."""

    def __init__(self, function: str, count: float, webhook: Webhook, aws: Aws) -> None:
        self._function = function
        self._count = int(count)
        self._webhook = webhook
        self._aws = aws

    async def begin(self) -> None:
        end = time.monotonic() + _PATIENCE
        while self._webhook.waiting() and time.monotonic() < end:  # noqa: ASYNC110 - it is on disk
            await asyncio.sleep(_LOOK)
        try:
            for _ in range(self._count):
                self._webhook.refuse(_ATTEMPTS)
                await call(
                    self._aws, "lambda", "Invoke", self._function,
                    FunctionName=self._function, InvocationType="RequestResponse",
                    Payload=_notification(),
                )  # fmt: skip
        finally:
            self._webhook.refuse(0)

    async def end(self) -> None:
        self._webhook.refuse(0)


def _notification() -> bytes:
    sns = {
        "Type": "Notification", "MessageId": str(uuid4()), "TopicArn": "arn:aws:sns:::rehearsal",
        "Subject": "A rehearsal", "Message": "A rehearsal of the webhook's refusal",
    }  # fmt: skip
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}
    return json.dumps({"Records": [record]}).encode()
