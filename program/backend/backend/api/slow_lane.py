"""Where sign-ins wait that come too often: each is looked at all the same, but at a price.

To refuse them would let a stranger lock the owner out, who may be behind the same address. So a
right password always opens; a wrong one costs a second, of which all who guess share one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from backend.domain.errors import ThrottledError

# Together below what the frontend waits for an answer.
PLACES = 4
SECONDS = 1.0
RETRY_SECONDS = 5


class SlowLane:
    """One for the process: looks at one attempt in `seconds`, and lets `places` wait."""

    def __init__(
        self,
        *,
        places: int = PLACES,
        seconds: float = SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._places = places
        self._seconds = seconds
        self._sleep = sleep
        self._waiting = 0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises `ThrottledError` if all places are taken."""
        if self._waiting >= self._places:
            raise ThrottledError(
                "too many attempts; try again in a few seconds", retry_after=RETRY_SECONDS
            )
        self._waiting += 1
        try:
            async with self._turn:
                await self._sleep(self._seconds)
            yield
        finally:
            self._waiting -= 1
