"""Answers without a fixed end: events as they happen, until the service or the client ends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from aiohttp import web

from bonkei.base.background import Background
from bonkei.services.endpoint.errors import Answer, ApiError
from bonkei.services.endpoint.port.bodies import Bodies

_LOOK = 0.5  # seconds until a disconnected client is noticed


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer with a known head and a body that is still being sent."""

    head: Answer
    body: AsyncGenerator[bytes, None]

    @property
    def status(self) -> int:
        return self.head.status


class Streams:
    """All open streams. More than `limit` are refused."""

    def __init__(self, limit: int, bodies: Bodies) -> None:
        self._limit = limit
        self._bodies = bodies
        self._open = Background()

    def require_room(self) -> None:
        """ApiError."""
        if len(self._open) >= self._limit:
            raise ApiError("ThrottlingException", f"{self._limit} streams are open already.")

    async def send(self, incoming: web.BaseRequest, streamed: Streamed) -> web.StreamResponse:
        """Send each event at once. The next one is requested when the client has taken it. If the
        client disconnects, the service's iterator is closed."""
        head = streamed.head
        response = web.StreamResponse(status=head.status, headers=dict(head.headers))
        pump = self._open.start(_pump(incoming, response, streamed.body, self._bodies))
        try:
            while not pump.done():
                await asyncio.wait({pump}, timeout=_LOOK)
                if incoming.transport is None:
                    pump.cancel()
        finally:
            pump.cancel()
            await asyncio.wait({pump})
        with suppress(ConnectionError):
            await response.write_eof()
        return response

    async def stop(self) -> None:
        """End all of them in order."""
        await self._open.stop()


async def _pump(
    incoming: web.BaseRequest,
    response: web.StreamResponse,
    body: AsyncGenerator[bytes, None],
    bodies: Bodies,
) -> None:
    with suppress(ConnectionError):
        await response.prepare(incoming)
        async with aclosing(body) as pieces:
            async for piece in pieces:
                await bodies.write(incoming, response, piece)
