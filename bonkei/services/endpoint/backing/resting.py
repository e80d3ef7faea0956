"""When MiniStack rests: no call has come for a while, and a stop would lose nothing.

Its process then ends, which gives its memory back. The next call starts it again.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from bonkei.services.endpoint.backing.channel import Connect

_SOON = 2
"""A rest that ends within so many times its delay was not worth its start."""
_LONGEST = 16
"""The longest delay, in multiples of the first one."""
_PATIENCE = 5.0  # seconds
_QUESTION = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n"
    b"X-Amz-Target: AmazonSQS.DescribeBonkeiHeld\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"Authorization: AWS4-HMAC-SHA256 Credential=%b/20200101/us-east-1/sqs/aws4_request, "
    b"SignedHeaders=host, Signature=0\r\n\r\n{}"
)
_NOTHING = b'{"Held":0}'


class Quiet:
    """How long no call has come. `least`: seconds until it may rest. After two short rests, one
    after the other, the next ones come later."""

    def __init__(self, least: float) -> None:
        self._least = self._delay = least
        self._used = time.monotonic()
        self._calls = 0
        self._rested: float | None = None
        self._short = 0

    @property
    def rests(self) -> bool:
        """From `rest` to `wake`."""
        return self._rested is not None

    @property
    def is_called(self) -> bool:
        """Whether a call is in progress."""
        return self._calls > 0

    def use(self) -> None:
        """There is a call."""
        self._used = time.monotonic()

    def begin_call(self) -> None:
        """There is no rest until `end_call`."""
        self._calls += 1

    def end_call(self) -> None:
        """The call that has begun is over."""
        self._calls -= 1
        self.use()

    def left(self) -> float:
        """Seconds until it may rest; 0 or less if it may."""
        return self._delay if self.is_called else self._used + self._delay - time.monotonic()

    def rest(self) -> None:
        """It rests from now on."""
        self._rested = time.monotonic()

    def wake(self) -> None:
        """It is started."""
        if self._rested is not None:
            was_short = time.monotonic() - self._rested < _SOON * self._delay
            self._short = self._short + 1 if was_short else 0
            times = 1 << min(max(0, self._short - 1), _LONGEST)
            self._delay = self._least * min(times, _LONGEST)
            self._rested = None
        self.use()


async def holds_nothing(connect: Connect, account: str) -> bool:
    """Whether MiniStack says that it can stop. Without an answer it cannot."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await connect()
            try:
                writer.write(_QUESTION % account.encode())
                answer = await reader.read()
            finally:
                writer.close()
        return answer.startswith(b"HTTP/1.1 200") and _NOTHING in answer.replace(b" ", b"")
    return False
