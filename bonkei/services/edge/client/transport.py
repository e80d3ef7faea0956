"""A client's socket: when it is read, how slowly the client may read, and how it is closed."""

from __future__ import annotations

import asyncio
from typing import cast

from bonkei.services.edge.client.front import Front
from bonkei.services.edge.http.deadlines import NEVER

LINGER = 2.0
"""Seconds that a refused client has to read the answer. Further input is dropped."""


class ClientTransport(asyncio.Protocol):
    """The part of a client's connection that does not concern requests."""

    __slots__ = ("_front", "_reading", "_transport", "_unsent", "deadline", "lingering", "write")

    def __init__(self, front: Front) -> None:
        self._front = front
        self._reading = True
        self._unsent = 0  # bytes, at the last check whether the client reads
        self.deadline = NEVER
        self.lingering = False  # the last answer is being sent; input is dropped

    def attach(self, transport: asyncio.BaseTransport) -> None:
        """The connection is established."""
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
        """Read no more until the client has read its pending responses."""
        self.pause_client()
        self.expect_reading()

    def expect_reading(self) -> None:
        """Set the deadline by which the client must read something."""
        self._unsent = self._transport.get_write_buffer_size() + 1
        self.deadline = self.idle_deadline()

    def idle_deadline(self) -> float:
        """The deadline of the idle time-out, from now."""
        return self._front.deadlines.coarse + self._front.idle_timeout

    def still_reading(self, now: float) -> bool:
        """Whether the client still has something to read. If it has read nothing since the last
        deadline, the connection is cut."""
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
        """Close when the client has read its pending responses, or at its deadline."""
        self.expect_reading()
        self._transport.close()

    def linger(self) -> None:
        """Close so that the response arrives even if the client is still sending. A close with
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
