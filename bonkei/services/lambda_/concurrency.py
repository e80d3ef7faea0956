"""The limits of simultaneous calls: for one function, and for all functions without a reservation.

Source: "Understanding Lambda function scaling" and "Configuring reserved concurrency" in the AWS
Lambda Developer Guide. A new account may run ten at a time. So may this machine.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, count

ACCOUNT = 10

_RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
_SHARED = "ConcurrentInvocationLimitExceeded"


@dataclass(frozen=True, slots=True, order=True)
class _Turn:
    number: int
    arn: str = field(compare=False)
    future: asyncio.Future[None] = field(compare=False)


class Concurrency:
    """`reserved`: by the function's ARN. The other functions share the rest."""

    def __init__(self, account: int = ACCOUNT) -> None:
        self._account = account
        self._reserved: Mapping[str, int] = {}
        self._busy: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Turn]] = {}  # by the limit that they wait for
        self._numbers = count()

    def reserve(self, reserved: Mapping[str, int]) -> None:
        """The limits in the present definitions. The account has capacity for at least one
        unreserved function.
        """
        self._reserved = dict(reserved)
        waiting, self._waiting = self._waiting, {}
        for turn in sorted(chain(*waiting.values())):
            self._line_up(turn)
        for limit in tuple(self._waiting):
            self._wake(limit)

    @property
    def busy(self) -> Mapping[str, int]:
        return self._busy

    def refusal(self, arn: str) -> str:
        """Why no further call of the function can run now (the API's name); empty if it can."""
        if arn in self._reserved:
            return _RESERVED if self._busy[arn] >= self._reserved[arn] else ""
        shared = max(1, self._account - sum(self._reserved.values()))
        running = sum(n for each, n in self._busy.items() if each not in self._reserved)
        return _SHARED if running >= shared else ""

    def take(self, arn: str) -> None:
        """Take a place. Call this if `refusal` is empty."""
        self._busy[arn] += 1

    async def wait(self, arn: str) -> None:
        """Wait in turn for a free place, and take it."""
        if not self.refusal(arn):
            self.take(arn)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line_up(_Turn(next(self._numbers), arn, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(arn)
            raise

    def give_back(self, arn: str) -> None:
        self._busy[arn] -= 1
        if not self._busy[arn]:
            del self._busy[arn]
        self._wake(self._limit(arn))

    def _limit(self, arn: str) -> str:
        """A function's own limit, or the one of all others."""
        return arn if arn in self._reserved else ""

    def _line_up(self, turn: _Turn) -> None:
        self._waiting.setdefault(self._limit(turn.arn), deque()).append(turn)

    def _wake(self, limit: str) -> None:
        """Wake the first call that waits for a limit, without looking at the others: thousands may
        wait."""
        waiting = self._waiting.get(limit, deque())
        while waiting:
            first = waiting[0]
            if not first.future.done():
                if self.refusal(first.arn):
                    return
                self.take(first.arn)
                first.future.set_result(None)
            waiting.popleft()
        self._waiting.pop(limit, None)
