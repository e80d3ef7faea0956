"""A TCP relay: the cluster's address and port, in front of its server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from bonkei.base.background import Background
from bonkei.services.rds.loopback import listen_error

_CHUNK = 64 * 1024

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Open: TypeAlias = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Awaitable["Streams | None"]
]
"""Opens the server's side for a client's; None: the client may not. OSError."""


class Relay:
    """Listens on `host`:`port`. Each connection is relayed byte by byte to what `open_server`
    gives for it."""

    def __init__(self, host: str, port: int, open_server: Open) -> None:
        self._host = host
        self._port = port
        self._open = open_server
        self._server: asyncio.Server | None = None
        self._connections = Background()

    async def start(self) -> None:
        """Raises DatabaseError when the address cannot be listened on."""
        try:
            self._server = await asyncio.start_server(self._accept, self._host, self._port)
        except OSError as error:
            raise listen_error(self._host, self._port, error) from error

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is None:
            return
        self._server.close()
        await self._connections.stop()
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.start(self._carry(reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = None
        try:
            with suppress(OSError, EOFError, ValueError):
                far = await self._open(reader, writer)
            if far is not None:
                await asyncio.gather(pump(reader, far[1]), pump(far[0], writer))
        finally:
            for end in (writer, *(far or ())[1:]):
                end.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on all bytes, and then the end."""
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
