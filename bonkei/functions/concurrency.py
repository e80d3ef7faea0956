"""The limits of simultaneous calls: for one function, and for all functions without a reservation.

Source: "Understanding Lambda function scaling" and "Configuring reserved concurrency" in the AWS
Lambda Developer Guide. A new account may run ten at a time. So may this machine.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping

ACCOUNT = 10

_RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
_SHARED = "ConcurrentInvocationLimitExceeded"


class Concurrency:
    """`reserved`: by the function's ARN. The other functions share the rest."""

    def __init__(self, account: int = ACCOUNT) -> None:
        self._account = account
        self._reserved: Mapping[str, int] = {}
        self._busy: Counter[str] = Counter()
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()

    def reserve(self, reserved: Mapping[str, int]) -> None:
        """The limits in the present definitions. The account has room for at least one
        unreserved function.
        """
        self._reserved = dict(reserved)
        self._wake()

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
        """After `refusal` said nothing."""
        self._busy[arn] += 1

    async def wait(self, arn: str) -> None:
        """Wait in turn for a free place, and take it."""
        if not self.refusal(arn):
            self.take(arn)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arn, turn))
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
        self._wake()

    def _wake(self) -> None:
        kept: deque[tuple[str, asyncio.Future[None]]] = deque()
        while self._waiting:
            arn, turn = self._waiting.popleft()
            if turn.done():
                continue
            if self.refusal(arn):
                kept.append((arn, turn))
            else:
                self.take(arn)
                turn.set_result(None)
        self._waiting = kept
