"""The actions of alarms: each runs beside the minutes, and its end is noted."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from bonkei.base.arn import Arn
from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.services.cloudwatch.alarm.book import AlarmBook, HistoryItem
from bonkei.services.cloudwatch.alarm.message import Change, call_of_function, message, subject
from bonkei.services.cloudwatch.values import Around

_ACT_SECONDS = 30.0
_MOST_SENT = 1000


@dataclass(frozen=True, slots=True)
class Sent:
    """A finished action. `problem`: why it failed, or empty."""

    time: float
    alarm: str
    state: str
    action: str
    subject: str
    message: str
    problem: str = ""


class Acting:
    """`sent`: the newest finished actions. `failed`: how many have failed."""

    def __init__(self, around: Around, book: AlarmBook) -> None:
        self._around = around
        self._book = book
        self._running = Background()
        self.sent: deque[Sent] = deque(maxlen=_MOST_SENT)
        self.failed = 0

    def begin(self, change: Change) -> None:
        """Run the actions of a change, unless its composite alarm suppresses them."""
        if change.suppressed_by:
            summary = f"Actions suppressed by {change.suppressed_by}"
            self._book.note(HistoryItem(change.alarm.name, change.after.since, "Action", summary))
            return
        for arn in change.actions:
            self._running.start(self._act(change, arn))

    async def stop(self) -> None:
        """Wait a moment for running actions."""
        await self._running.stop(grace=1.0)

    async def _act(self, change: Change, arn: str) -> None:
        is_function = Arn.of(arn).service == "lambda"
        about, text = subject(change), (call_of_function if is_function else message)(change)
        problem = ""
        try:
            async with asyncio.timeout(_ACT_SECONDS):
                await self._around.act(arn, about, text)
            summary = f"Successfully executed action {arn}"
        except (BonkeiError, TimeoutError, OSError) as error:
            self.failed += 1
            why = getattr(error, "message", "") or "it did not answer in time"
            problem = why
            summary = f"Failed to execute action {arn}. Received error: {why}"
        now = self._around.clock()
        state = change.after.value
        self.sent.append(Sent(now, change.alarm.name, state, arn, about, text, problem))
        self._book.note(HistoryItem(change.alarm.name, now, "Action", summary))
