"""The slow lane: sign-ins beyond a limit wait here. Each is still checked.

Refusing them would let a stranger lock out an owner behind the same address. So a right password
always succeeds. A wrong one costs a second, and all attempts in the lane wait one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from backend.domain.errors import ThrottledError

# Together less than the frontend's time-out.
PLACES = 4
SECONDS = 1.0
RETRY_SECONDS = 5


class SlowLane:
    """One for the process. It checks one attempt each `seconds`; at most `places` attempts wait."""

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
