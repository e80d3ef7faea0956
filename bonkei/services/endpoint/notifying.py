"""Delivers a bucket's events to topics and functions.

"Amazon S3 Event Notifications" (Amazon S3 User Guide): delivered at least once, typically within
seconds. The receiver's own policy must allow S3 each time. If a topic or a function is missing or
busy, the event is delivered later. After some attempts it is dropped, and this is reported.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Caller
from bonkei.services.endpoint.asking import Asking

_WAITS = (0.5, 2.0, 5.0, 15.0)  # seconds before another attempt
_LIMIT = 2_000  # events that are under way
_ACTIONS = {"sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}
_S3 = "s3.amazonaws.com"


class Notifying:
    """`take` reads a line of MiniStack's pipe. `stop` gives up the deliveries in progress."""

    def __init__(
        self, asks: Asking, services: Mapping[str, AwsService], report: Callable[[str], None]
    ) -> None:
        self._asks = asks
        self._services = services
        self._report = report
        self._reported: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

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
        task = asyncio.ensure_future(self._deliver(service, target, bucket, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, service: str, target: str, bucket: str, message: Any) -> None:
        for wait in (*_WAITS, None):
            denial = self._asks.service(_S3, _ACTIONS[service], target, bucket)
            if denial:
                self._say(f"{bucket}: {target} gets no events: {denial}")
                return
            try:
                await self._call(service, target, message)
            except (AwsServiceError, OSError) as error:
                problem = error.message if isinstance(error, AwsServiceError) else str(error)
            else:
                return
            if wait is None:
                self._say(f"{bucket}: {target} gets no events: {problem}")
                return
            await asyncio.sleep(wait)

    async def _call(self, service: str, target: str, message: Any) -> None:
        room = self._services.get(service)
        if room is None:
            raise AwsServiceError("ServiceUnavailable", f"nobody here answers {service}", 503)
        text = json.dumps(message)
        given: dict[str, Any] = {"FunctionName": target, "InvocationType": "Event",
                                 "Payload": text.encode()}  # fmt: skip
        operation = "Invoke"
        if service == "sns":
            operation = "Publish"
            given = {"TopicArn": target, "Subject": "Amazon S3 Notification", "Message": text}
        place = Arn.of(target)
        caller = Caller(_S3, _S3, place.account)
        await room.answer(AwsCall(service, operation, given, caller, place.region, time.time()))

    def _say(self, text: str) -> None:
        """Report once, because the next event has the same problem."""
        if text not in self._reported and len(self._reported) < _LIMIT:
            self._reported.add(text)
            self._report(text)
