"""SQS: the number of waiting messages and their age, read from the store once a minute.

A store that rests has no messages. So it is not asked, which would start it.

"Available CloudWatch metrics for Amazon SQS",
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import ADMINISTRATOR, Aws, queue_url
from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.storage import Queue
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id

_MINUTE = 60.0
_BEFORE_THE_END = 57.0  # seconds of a minute, so that the data exists when the minute is evaluated
_SOON = 10.0
"""Seconds until the first look: the store runs then, because the start has called it."""
# The attribute of GetQueueAttributes -> the metric.
_METRICS = {
    "ApproximateNumberOfMessages": "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
    # SQS has no such attribute. The store adds it for this purpose.
    "bonkei:AgeOfOldestMessage": "ApproximateAgeOfOldestMessage",
}
NAMES = frozenset(("AWS/SQS", name) for name in _METRICS.values())


class QueueDepths:
    """Reads from `start` on, and hands each datum to `put`. `rests`: whether the store rests, so
    that every queue in it is empty."""

    def __init__(
        self,
        aws: Aws,
        put: Callable[[Datum], None],
        rests: Callable[[], bool] = lambda: False,
    ) -> None:
        self._aws = aws
        self._put = put
        self._rests = rests
        self._found: set[str] = set()
        self._queues: Sequence[Queue] = ()
        self._job = Background()

    def follow(self, queues: Sequence[Queue]) -> None:
        """The queues of the definitions."""
        self._queues = queues
        self._found.clear()

    def start(self) -> None:
        """Once a minute from now on. Without a queue it costs nothing."""
        self._job.start(self._run())

    async def measure(self, now: float) -> None:
        """Each queue separately. A queue that does not answer has no data."""
        for queue in self._queues:
            with suppress(BonkeiError, OSError):
                for attribute, text in (await self._attributes(queue)).items():
                    if attribute in _METRICS:
                        metric = metric_id(
                            "AWS/SQS", _METRICS[attribute], {"QueueName": queue.name}
                        )
                        unit = "Seconds" if metric.name.startswith("ApproximateAge") else "Count"
                        self._put(datum(metric, now, float(text), unit))

    async def _attributes(self, queue: Queue) -> Mapping[str, Any]:
        if queue.arn in self._found and self._rests():
            return dict.fromkeys(_METRICS, "0")
        given = {"QueueUrl": queue_url(queue.arn), "AttributeNames": list(_METRICS)}
        region = Arn.of(queue.arn).region
        answer = await self._aws.call(ADMINISTRATOR, "sqs", "GetQueueAttributes", given, region)
        self._found.add(queue.arn)
        return answer.get("Attributes") or {}

    async def stop(self) -> None:
        """Asks no more."""
        await self._job.stop()

    async def _run(self) -> None:
        await asyncio.sleep(_SOON)
        await self.measure(time.time())
        while True:
            now = time.time()
            await asyncio.sleep((_BEFORE_THE_END - now) % _MINUTE or _MINUTE)
            await self.measure(time.time())
