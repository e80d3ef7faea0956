"""Connections to MiniStack that have no address: its process gets one end of each.

A port of loopback is open to every user, task and web page of this machine, and a socket with a
name to every process of this user.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]
"""Makes a connection. Raises NotConnectedError."""

_LIMIT = 64 * 1024


class NotConnectedError(ConnectionError):
    """Nothing was sent: another try costs nothing."""


class Channel:
    """Start the process with `theirs`, call `begin` when it runs, and always `close`."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)

    @property
    def theirs(self) -> int:
        """The descriptor for the process."""
        return self._theirs.fileno()

    def begin(self) -> None:
        """The process has its end: when it dies, no connection is made any more."""
        self._theirs.close()

    async def connect(self) -> Streams:
        """A connection that the process has taken. Raises NotConnectedError."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise NotConnectedError(str(error)) from None
        try:
            with theirs:
                socket.send_fds(self._ours, [b"\0"], [theirs.fileno()])
            reader, writer = await asyncio.open_connection(sock=ours, limit=_LIMIT)
        except OSError as error:  # it has ended, or a thousand connections wait for it
            ours.close()
            raise NotConnectedError(str(error)) from None
        taken = b""
        try:
            taken = await reader.read(1)
        except OSError as error:
            raise NotConnectedError(str(error)) from None
        finally:
            if not taken:
                writer.transport.abort()
        if not taken:
            raise NotConnectedError("the process has ended")
        return reader, writer

    def close(self) -> None:
        """The process gets no more connections, and ends."""
        self._ours.close()
        self._theirs.close()
