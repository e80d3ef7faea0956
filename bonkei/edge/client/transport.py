"""A client's socket: when it is read, how slowly it may read itself, and how it is closed."""

from __future__ import annotations

import asyncio
from typing import cast

from bonkei.edge.client.front import Front
from bonkei.edge.http.deadlines import NEVER

LINGER = 2.0
"""Seconds in which a refused client may read the answer while what it still sends is dropped."""


class ClientTransport(asyncio.Protocol):
    """What a client's connection does that has nothing to do with requests."""

    __slots__ = ("_front", "_reading", "_transport", "_unsent", "deadline", "lingering", "write")

    def __init__(self, front: Front) -> None:
        self._front = front
        self._reading = True
        self._unsent = 0  # bytes, when it was last looked whether the client reads
        self.deadline = NEVER
        self.lingering = False  # the last answer is on its way; nothing is listened to any more

    def attach(self, transport: asyncio.BaseTransport) -> None:
        """The connection is made."""
        self._transport = cast(asyncio.Transport, transport)
        self.write = self._transport.write

    # Reading.

    def pause_client(self) -> None:
        """Read no more until `resume_client`."""
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self.deadline = NEVER
            self._transport.pause_reading()

    def resume_client(self) -> None:
        """The counterpart of `pause_client`."""
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    # How slowly the client reads.

    def wait_for_reader(self) -> None:
        """Read no more until the client has read what is on its way to it."""
        self.pause_client()
        self.expect_reading()

    def expect_reading(self) -> None:
        """Have the client read something until the deadline."""
        self._unsent = self._transport.get_write_buffer_size() + 1
        self.deadline = self.idle_deadline()

    def idle_deadline(self) -> float:
        """The end of a time in which something has to happen."""
        return self._front.deadlines.coarse + self._front.idle_timeout

    def still_reading(self, now: float) -> bool:
        """Whether there is something that the client has not read. If it read nothing of it in all
        the time that it had, the connection is cut."""
        unsent = self._transport.get_write_buffer_size()
        if not unsent:
            return False
        if unsent >= self._unsent:
            self._transport.abort()
        self._unsent = unsent
        self.deadline = now + self._front.idle_timeout
        return True

    # The end.

    def hang_up(self) -> None:
        """Close once the client has read what is on its way to it, for which it has its time."""
        self.expect_reading()
        self._transport.close()

    def linger(self) -> None:
        """Close so that the response arrives even if the client is still sending: a close with
        unread data in the kernel's buffer would reset the connection."""
        self.lingering = True
        self._unsent = self._transport.get_write_buffer_size() + 1
        self.deadline = self._front.deadlines.time() + LINGER
        if not self._transport.is_closing():
            self.resume_client()
            self._transport.write_eof()

    def abort(self) -> None:
        """Cut the connection: a response that has begun cannot be completed."""
        self._transport.abort()
