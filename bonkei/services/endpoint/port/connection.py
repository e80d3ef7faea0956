"""A client's connection: how much it may send before a call, and whether it may keep its place."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from bonkei.services.endpoint.settings import Limits

_GRACE = 5.0  # seconds for a client to read the data written before the end
_LINGER = 1.0  # seconds for which the rest of a refused body is read: the client may see the answer
_WINDOW = 10.0  # seconds over which a pace is measured
_STALL = 15.0  # seconds in a crowd: a client that sends 500 bodies at once may pause
_PACE = 4 * 1024
"""Bytes a second that every client on this machine reaches."""
_PAUSE = 0.05  # seconds until there may be a place again
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class Connection(RequestHandler):
    """aiohttp's connection, with limits. Code that reads a body or writes an answer calls `wait`
    and `got`."""

    def __init__(
        self, server: Connections, limits: Limits, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=limits.idle,
            lingering_time=_LINGER,
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
        )
        self._head_bytes = 0
        self._longest_head = limits.head
        self._waits = False
        self._waited = 0.0  # since when it waits
        self._window = 0.0  # when it began
        self._bytes = 0  # in this window
        self.held = 0
        """Bytes of the call's body in memory."""
        self.is_busy = False
        """Whether a call is being answered."""

    def wait(self) -> None:
        """From now on, only the client can continue."""
        if not self._waits:
            now = self._waited = self._loop.time()
            self._waits = True
            if now - self._window > _WINDOW:
                self._window, self._bytes = now, 0

    def got(self, size: int) -> None:
        """The client has sent or taken `size` bytes."""
        self._waits = False
        self._bytes += size

    def is_slow(self, now: float, stall: float) -> bool:
        """Whether it keeps its place although it sends or takes almost nothing."""
        if not self._waits:
            return False
        passed = now - self._window
        stalls = now - self._waited > stall
        return stalls or (passed > stall and self._bytes < _PACE * passed)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._has_no_head:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > self._longest_head:
            if self.transport is not None:
                self.transport.write(_TOO_LONG)
            self.force_close()

    @property
    def _has_no_head(self) -> bool:
        """Whether the head of its next call is still incomplete."""
        waiter = self._waiter
        return not self._request_count or (waiter is not None and not waiter.done())

    def force_close(self) -> None:
        """Close the connection, even if the client never reads the written data."""
        transport = self.transport
        super().force_close()
        if transport is not None and transport.get_write_buffer_size():
            self._loop.call_later(_GRACE, transport.abort)

    def abort(self) -> None:
        """Abort at once. The call ends with a connection error."""
        if self.transport is not None:
            self.transport.abort()


class Connections(web.Server):
    """aiohttp's server, of `Connection`s."""

    def __init__(self, handler: Any, limits: Limits) -> None:
        super().__init__(handler)
        self._limits = limits

    def __call__(self) -> Connection:
        return Connection(self, self._limits, self._loop)

    @property
    def open(self) -> list[Connection]:
        """The oldest first."""
        return [one for one in self.connections if isinstance(one, Connection)]


class Crowd:
    """The calls that hold one of a few places. When all are taken, clients that do almost nothing
    lose theirs."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._inside: set[Connection] = set()

    async def enter(self, connection: Connection) -> None:
        """Returns when there is a free place. `leave` gives it back."""
        while not self.enter_now(connection):  # noqa: ASYNC110 - a place may be free by a client's end
            await asyncio.sleep(_PAUSE)

    def enter_now(self, connection: Connection) -> bool:
        """Whether there was a place."""
        if len(self._inside) >= self._places:
            now = asyncio.get_running_loop().time()
            for one in self._inside:
                if one.is_slow(now, _STALL):
                    one.abort()
            return False
        self._inside.add(connection)
        return True

    def leave(self, connection: Connection) -> None:
        self._inside.discard(connection)


def connection_of(incoming: web.BaseRequest) -> Connection:
    """The connection of a call, in a `Connections` server."""
    connection = incoming.protocol
    assert isinstance(connection, Connection)  # noqa: S101 - the server makes no others
    return connection
