"""Delivers a bucket's events to topics and functions.

"Amazon S3 Event Notifications" (Amazon S3 User Guide): delivered at least once, typically within
seconds. The receiver's own policy must allow S3 each time. If a topic or a function is missing or
busy, the event is delivered later. After some attempts it is dropped, and this is reported.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Aws, AwsServiceError, ServicePrincipal, invocation
from bonkei.base.background import Background

_WAITS = (0.5, 2.0, 5.0, 15.0)  # seconds before another attempt
_LIMIT = 2_000  # events that are under way
_DENIED = 403


class Notifying:
    """`take` reads a line of MiniStack's pipe. `stop` gives up the deliveries in progress."""

    def __init__(self, aws: Aws, report: Callable[[str], None]) -> None:
        self._aws = aws
        self._report = report
        self._reported: set[str] = set()
        self._tasks = Background()

    def take(self, line: bytes) -> None:
        """Deliver it, meanwhile."""
        try:
            event = dict(json.loads(line))
            service, target = str(event["service"]), str(event["target"])
            bucket, message = str(event["bucket"]), event["message"]
        except (ValueError, KeyError, TypeError):
            return
        if len(self._tasks) >= _LIMIT:
            self._say(f"{bucket}: {_LIMIT} events wait for their receivers, so some are dropped")
            return
        self._tasks.start(self._deliver(service, target, bucket, message))

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _deliver(self, service: str, target: str, bucket: str, message: Any) -> None:
        s3, text = ServicePrincipal("s3.amazonaws.com", bucket), json.dumps(message)
        operation, given = _call(service, target, text)
        for wait in (*_WAITS, None):
            try:
                await self._aws.call(s3, service, operation, given, Arn.of(target).region)
            except AwsServiceError as error:
                if wait is None or error.status == _DENIED:
                    self._say(f"{bucket}: {target} gets no events: {error.message}")
                    return
                await asyncio.sleep(wait)
            else:
                return

    def _say(self, text: str) -> None:
        """Report once, because the next event has the same problem."""
        if text not in self._reported and len(self._reported) < _LIMIT:
            self._reported.add(text)
            self._report(text)


def _call(service: str, target: str, text: str) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters."""
    if service == "sns":
        subject = "Amazon S3 Notification"
        return "Publish", {"TopicArn": target, "Subject": subject, "Message": text}
    return "Invoke", invocation(target, text.encode())
