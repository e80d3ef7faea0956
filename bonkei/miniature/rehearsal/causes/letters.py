"""Messages that really wait in a queue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bonkei.base.aws_service import Aws, queue_url
from bonkei.miniature.rehearsal.causes.aws import call
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.miniature.rehearsal.values import RehearsalError

TEXT = "bonkei: a rehearsal of an alarm"
LETTERS = "rehearsed-letters.json"
"""The journal's file, in the monitor's folder."""
_MOST_TRIES = 20


class Letters(Quiet):
    """Sends a number of messages, and removes exactly these at the end. `journal`: a file with
    their list, for the next start after a SIGKILL (`take_back`)."""

    def __init__(
        self,
        queue: str,
        count: float,
        aws: Aws,
        look: Callable[[], Awaitable[None]],
        journal: Path | None = None,
    ) -> None:
        self._queue_arn = queue
        self._journal = journal
        self._count = int(count)
        self._aws = aws
        self._look = look
        self._sent: set[str] = set()

    async def begin(self) -> None:
        """Also when it is broken off: a message whose id is not known stays forever."""
        for _ in range(self._count):
            sending = asyncio.ensure_future(self._send())
            try:
                await asyncio.shield(sending)
            except asyncio.CancelledError:
                with suppress(RehearsalError):
                    await sending
                raise

    async def _send(self) -> None:
        answer = await self._queue("SendMessage", MessageBody=TEXT)
        self._sent.add(str(answer["MessageId"]))
        self._remember()

    async def push(self) -> None:
        await self._look()

    async def calm(self) -> None:
        await self._look()

    async def end(self) -> None:
        """Other messages become visible again at once."""
        for _ in range(_MOST_TRIES):
            if not self._sent:
                return
            answer = await self._queue(
                "ReceiveMessage", MaxNumberOfMessages=10, VisibilityTimeout=2, WaitTimeSeconds=0
            )
            for message in answer.get("Messages") or ():
                receipt = message["ReceiptHandle"]
                if message["MessageId"] in self._sent:
                    await self._queue("DeleteMessage", ReceiptHandle=receipt)
                    self._sent.discard(message["MessageId"])
                    self._remember()
                else:
                    await self._queue(
                        "ChangeMessageVisibility", ReceiptHandle=receipt, VisibilityTimeout=0
                    )

    def know(self, sent: Iterable[str]) -> None:
        """Messages of an earlier process."""
        self._sent.update(sent)

    def _remember(self) -> None:
        if self._journal is None:
            return
        with suppress(OSError):
            if not self._sent:
                self._journal.unlink(missing_ok=True)
                return
            text = json.dumps({"queue": self._queue_arn, "sent": sorted(self._sent)})
            self._journal.write_text(text, encoding="utf-8")

    async def _queue(self, operation: str, **given: Any) -> Any:
        given["QueueUrl"] = queue_url(self._queue_arn)
        return await call(self._aws, "sqs", operation, self._queue_arn, **given)


async def take_back(journal: Path, aws: Aws) -> None:
    """Remove the messages that a killed process has left in a queue, if any."""
    letters = _left(journal, aws)
    if letters is not None:
        with suppress(RehearsalError):  # the queue may be gone
            await letters.end()
    _forget(journal)


def _left(journal: Path, aws: Aws) -> Letters | None:
    try:
        found = json.loads(journal.read_text(encoding="utf-8"))
        letters = Letters(str(found["queue"]), 0, aws, _nothing, journal)
        letters.know(map(str, found["sent"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return letters


def _forget(journal: Path) -> None:
    with suppress(OSError):
        journal.unlink(missing_ok=True)


async def _nothing() -> None:
    """No page looks."""
