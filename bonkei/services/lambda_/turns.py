"""Calls that wait for an execution environment, in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from bonkei.services.lambda_.environment import ExecutionEnvironment
from bonkei.services.lambda_.execution_log import ExecutionLog


@dataclass(frozen=True, slots=True)
class Ready:
    """An initialized environment. `init`: the seconds of its initialization. The report of its
    first call has them; afterwards None."""

    environment: ExecutionEnvironment
    log: ExecutionLog
    init: float | None = None


Turn = asyncio.Future[Ready | None]
"""None: an initialization has failed."""


class Turns:
    """The call that has waited longest gets the next environment."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Turn, bool]] = deque()

    @property
    def in_need(self) -> int:
        """How many environments should start: one for each call, and one for all those that may
        wait. The start of a process costs more than many short calls."""
        waiting = [may_wait for turn, may_wait in self._waiting if not turn.done()]
        return waiting.count(False) + (True in waiting)

    def add(self, *, may_wait: bool) -> Turn:
        """Await the turn. A cancelled waiter that already has a result returns it."""
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, may_wait))
        return turn

    def give(self, found: Ready | Exception | None) -> bool:
        """Whether a call was waiting for it."""
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if turn.done():
                continue
            if isinstance(found, Exception):
                turn.set_exception(found)
            else:
                turn.set_result(found)
            return True
        return False
