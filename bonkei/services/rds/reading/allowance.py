"""A connection to a server that ends after a number of bytes of answers, or of seconds.

libpq holds a whole row in memory, and a row may have a gigabyte. It also waits for a frozen server.
Here the client's connection ends instead.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from bonkei.services.rds.relay import pump

_CHUNK = 64 * 1024
_HOST = "127.0.0.1"


class Allowance:
    """`async with Allowance(…) as way`: `way.port` accepts one connection on loopback. `is_spent`:
    the server has answered more than `most` bytes. `is_late`: `seconds` have passed."""

    def __init__(self, target: tuple[str, int], most: int, seconds: float) -> None:
        self._target = target
        self._left = most
        self._seconds = seconds
        self.is_late = False
        self._server: asyncio.Server | None = None
        self._carrying: asyncio.Task[None] | None = None
        self._ends: list[asyncio.StreamWriter] = []
        self.port = 0

    async def __aenter__(self) -> Allowance:
        self._server = await asyncio.start_server(self._accept, _HOST, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        if self._carrying is not None:
            self._carrying.cancel()
            await asyncio.gather(self._carrying, return_exceptions=True)
        self._abort()

    @property
    def is_spent(self) -> bool:
        return self._left < 0

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.append(writer)
        if self._carrying is not None:  # there is one client, and it is here
            writer.transport.abort()
            return
        self._carrying = asyncio.get_running_loop().create_task(self._carry(reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._ends.append(far_writer)
        asking = asyncio.ensure_future(pump(reader, far_writer))
        try:
            with suppress(ConnectionError):
                async with asyncio.timeout(self._seconds):
                    await self._answers(far_reader, writer)
        except TimeoutError:
            self.is_late = True
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            self._abort()

    def _abort(self) -> None:
        for end in self._ends:
            end.transport.abort()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            self._left -= len(data)
            if self._left < 0:
                return
            writer.write(data)
            await writer.drain()
