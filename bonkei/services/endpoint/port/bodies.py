"""Bodies from clients and answers to them, bounded in time and in memory.

The endpoint waits for a body as S3 does: "RequestTimeout: Your socket connection to the server was
not read from or written to within the timeout period. Idle connections will be closed." ("Error
responses" in the Amazon S3 API Reference.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import web

from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.port.connection import Connection, connection_of
from bonkei.services.endpoint.settings import Limits

SMALL = 64 * 1024
"""Bytes that are not counted, because each connection has buffers of that size anyway."""


class Bodies:
    """The memory for the bodies of all calls together."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    async def whole(self, incoming: web.BaseRequest, longest: int) -> bytes:
        """A body of at most `longest` bytes. Raises ApiError, and ConnectionError if the client
        disconnects."""
        announced = incoming.content_length
        if announced is not None and announced > longest:
            raise TOO_LARGE
        content = incoming.content
        if content.is_eof():  # it came together with its head, as most do
            body = content.read_nowait()
            if len(body) > longest:
                raise TOO_LARGE
            return body
        connection, collected = connection_of(incoming), bytearray()
        async for piece in self.pieces(incoming):
            collected += piece
            if len(collected) > longest:
                raise TOO_LARGE
            if (more := len(collected) - connection.held) > SMALL:
                self._hold(connection, more)
        return bytes(collected)

    def release(self, incoming: web.BaseRequest) -> None:
        """Its call is over."""
        connection = connection_of(incoming)
        self._held -= connection.held
        connection.held = 0

    async def pieces(self, incoming: web.BaseRequest) -> AsyncGenerator[bytes, None]:
        """A body as it arrives. ApiError RequestTimeout."""
        content, connection = incoming.content, connection_of(incoming)
        while not content.at_eof():
            piece = content.read_nowait()
            if not piece:
                if incoming.transport is None:
                    raise _GONE
                connection.wait()
                try:
                    async with asyncio.timeout(self._limits.silence):
                        piece = await content.readany()
                except TimeoutError:
                    raise _SILENT from None
                except web.RequestPayloadError:
                    raise _BROKEN from None
                finally:
                    connection.got(len(piece))
            if piece:
                yield piece

    async def write(
        self, incoming: web.BaseRequest, response: web.StreamResponse, piece: bytes
    ) -> None:
        """Send a piece of an answer. Raises ConnectionError if the client does not take it."""
        connection = connection_of(incoming)
        connection.wait()
        try:
            async with asyncio.timeout(self._limits.unread):
                await response.write(piece)
        except TimeoutError:
            connection.abort()
            raise _UNREAD from None
        finally:
            connection.got(len(piece))

    async def deliver(self, incoming: web.BaseRequest, response: web.Response) -> None:
        """Send an answer that is larger than a connection's buffers."""
        await response.prepare(incoming)
        connection = connection_of(incoming)
        connection.wait()
        try:
            async with asyncio.timeout(self._limits.unread):
                await response.write_eof()
        except TimeoutError:
            connection.abort()
            raise _UNREAD from None
        finally:
            connection.got(response.body_length)

    def _hold(self, connection: Connection, size: int) -> None:
        if self._held + size > self._limits.held:
            raise _BUSY
        self._held += size
        connection.held += size


TOO_LARGE = ApiError("RequestEntityTooLarge", "The request body is too large.", 413)
_SILENT = ApiError(
    "RequestTimeout",
    "Your socket connection to the server was not read from or written to within the timeout "
    "period. Idle connections will be closed.",
)
_BROKEN = ApiError(
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header.",
)
_GONE = ConnectionResetError("the client has gone")
_UNREAD = ConnectionResetError("the client takes nothing of its answer")
_BUSY = ApiError("ServiceUnavailable", "Please reduce your request rate.", 503)
