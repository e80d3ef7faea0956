"""Messages that really wait in a queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bonkei.aws_service import AwsServiceError
from bonkei.errors import BonkeiError
from bonkei.miniature.measures.queues import CallQueue
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.miniature.rehearsal.values import RehearsalError

TEXT = "bonkei: a rehearsal of an alarm"
_MOST_TRIES = 20


class Letters(Quiet):
    """So many; at the end they are taken out again, and only they."""

    def __init__(
        self, queue: str, count: float, call: CallQueue, look: Callable[[], Awaitable[None]]
    ) -> None:
        self._region, account, name = queue.split(":")[3:6]
        self._url = f"http://localhost/{account}/{name}"
        self._count = int(count)
        self._call = call
        self._look = look
        self._sent: set[str] = set()

    async def begin(self) -> None:
        for _ in range(self._count):
            answer = await self._queue("SendMessage", MessageBody=TEXT)
            self._sent.add(str(answer["MessageId"]))

    async def push(self) -> None:
        await self._look()

    async def calm(self) -> None:
        await self._look()

    async def end(self) -> None:
        """Messages of others are seen again at once."""
        for _ in range(_MOST_TRIES):
            if not self._sent:
                return
            answer = await self._queue(
                "ReceiveMessage", MaxNumberOfMessages=10, VisibilityTimeout=2, WaitTimeSeconds=0
            )
            for message in answer.get("Messages") or ():
                receipt = message["ReceiptHandle"]
                if message["MessageId"] in self._sent:
                    self._sent.discard(message["MessageId"])
                    await self._queue("DeleteMessage", ReceiptHandle=receipt)
                else:
                    await self._queue(
                        "ChangeMessageVisibility", ReceiptHandle=receipt, VisibilityTimeout=0
                    )

    async def _queue(self, operation: str, **given: Any) -> Any:
        try:
            return await self._call(operation, {"QueueUrl": self._url, **given}, self._region)
        except (AwsServiceError, BonkeiError, OSError) as error:
            raise RehearsalError(f"the queue does not take it: {error}") from None
