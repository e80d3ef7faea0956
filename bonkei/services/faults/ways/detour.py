"""A place before a target that delays or refuses every connection.

FIS's `aws:ecs:task-network-latency` uses `tc netem` at the target's network interface. The effect
here is the same: everything that the target sends comes later, including its acceptance of a new
connection.
"""

from __future__ import annotations

import asyncio
import socket

from bonkei.services.faults.values import Trouble
from bonkei.services.faults.ways.carrying import NO_TROUBLE, Half

HOST = "127.0.0.1"
_MOST = 4_096  # connections
_EARLY = 64 * 1024  # bytes that wait with a connection


class Detour:
    """Call `start` before using `port`. `trouble` may change at any time. `retire` lets carried
    connections continue without trouble; `stop` cuts them."""

    def __init__(self, host: str, port: int, trouble: Trouble) -> None:
        self.target = (host, port)
        self.trouble = trouble
        self.clients: set[_Client] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Raises OSError when no port is free."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Client(self), HOST, 0
        )

    @property
    def port(self) -> int:
        assert self._server is not None  # noqa: S101 - it has started
        return int(self._server.sockets[0].getsockname()[1])

    def retire(self) -> None:
        """Accept no new connections."""
        self.trouble = NO_TROUBLE
        if self._server is not None:
            self._server.close()

    def stop(self) -> None:
        self.retire()
        for client in tuple(self.clients):
            client.abort()

    @property
    def is_full(self) -> bool:
        return len(self.clients) >= _MOST


class _Client(Half):
    def __init__(self, detour: Detour) -> None:
        super().__init__()
        self._detour = detour
        self._connecting: asyncio.Task[None] | None = None
        self._early: list[bytes] = []  # bytes that came before reading was paused
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._detour.is_full:
            self.abort()
            return
        self._detour.clients.add(self)
        assert self.transport is not None  # noqa: S101 - set above
        self.transport.pause_reading()
        self._connecting = asyncio.ensure_future(self._connect())

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            super().data_received(data)
            return
        self._early.append(data)
        if sum(map(len, self._early)) > _EARLY:
            self.abort()

    def eof_received(self) -> bool:
        if self.other is None:
            self._ended = True
            return True
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._detour.clients.discard(self)
        if self._connecting is not None:
            self._connecting.cancel()

    async def _connect(self) -> None:
        detour = self._detour
        server = await self.reach(detour.target, lambda: detour.trouble)
        if server is None or self.transport is None:
            return
        if self._early:
            server.write(b"".join(self._early))
            self._early = []
        if self._ended:
            server.write_eof()
        self.transport.resume_reading()


class Refusal:
    """A port that refuses every connection until `close`. It stays bound, so that no other process
    listens there."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket()
        self._socket.bind((host, 0))  # bound, and not listening
        self.port = int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.close()
