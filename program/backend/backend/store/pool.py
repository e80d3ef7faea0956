"""The open connections, each in use by one task at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from backend.store.connection import Connection


class PoolBusyError(Exception):
    """All connections were in use for too long."""


class Pool:
    """Opens a connection when none is free, at most `size`, and keeps it.

    A database that refuses connections is an error at once: the caller opens the connection, and
    nothing tries again in the background.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], *, size: int, wait_seconds: float
    ) -> None:
        self._connect = connect
        self._places = asyncio.Semaphore(size)
        self._wait_seconds = wait_seconds
        self._free: list[Connection] = []
        self._cleared = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One for this task alone. Raises `PoolBusyError`, or psycopg's error of a connection."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._places.acquire()
        except TimeoutError as error:
            raise PoolBusyError from error
        try:
            connection, cleared = await self._take(), self._cleared
            try:
                yield connection
            finally:
                if connection.is_idle and cleared == self._cleared:
                    self._free.append(connection)
                else:
                    await connection.close()
        finally:
            self._places.release()

    async def clear(self) -> None:
        """Close all connections: those in use, when they are given back."""
        self._cleared += 1
        free, self._free = self._free, []
        for connection in free:
            await connection.close()

    async def _take(self) -> Connection:
        """The one used last, if it still answers: so the fewest are in use."""
        if self._free:
            connection = self._free.pop()
            if await connection.answers():
                return connection
            await self.clear()  # a failover cuts all of them
        return await self._connect()
