"""A client's connection: bytes in, exchanges in order, bytes out."""

from __future__ import annotations

import asyncio
import secrets
from itertools import count

from bonkei.services.edge.client.front import Front
from bonkei.services.edge.client.incoming import IncomingRequests
from bonkei.services.edge.http.deadlines import NEVER
from bonkei.services.edge.http.exchange import Exchange
from bonkei.services.edge.http.head import RefusedError
from bonkei.services.edge.http.message import Request, Response, Tunnel, answer
from bonkei.services.edge.http.request_parser import RequestParser

_IN_A_ROW = 64
"""Requests that one connection may have answered in a row before the others have their turn."""

_NUMBERS = count(secrets.randbits(62) + 1)
"""Numbers of connections. A number does not come again after a restart."""

_HELD = 64 * 1024
"""Bytes held behind a request in flight. If there are more, the client has to wait."""


class ClientConnection(IncomingRequests):
    """Handles one request after another, and limits a client's size and pace.

    While a request is in flight, or the client does not read its response, the bytes behind it are
    held unparsed and the socket is not read. So a connection holds at most one read of the socket,
    one exchange, and the write buffer up to its high-water mark (or one response, if that is
    larger).
    """

    __slots__ = (
        "_held", "_number", "_parser", "_port", "_position", "_taking", "_unread",
    )  # fmt: skip

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self._held = b""  # bytes from the client, not yet parsed
        self._position = 0  # where in it the next request begins
        self._taking = False
        self._unread = False  # the client does not read: the write buffer is full

    # The transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.attach(transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0].encode() if peer else b""
        self._port: int = peer[1] if peer else 0
        self._number = next(_NUMBERS)
        front = self._front
        self._parser = RequestParser(self, front.limits, self._peer)
        self._opened = front.deadlines.time()
        if not front.admit(self):
            self._transport.abort()
            return
        self.deadline = self._opened + front.idle_timeout
        front.deadlines.watch(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        front = self._front
        front.forget(self)
        front.deadlines.forget(self)
        self._held = b""
        if self.tunnel is not None:
            self.tunnel.lost()
        exchange, self.current = self.current, None
        if exchange is not None:
            flow, exchange.flow = exchange.flow, None
            if flow is not None:
                flow.cancel()
            if front.journal is not None:
                now = front.deadlines.time()
                front.journal.add(exchange, now, front.name, self._port, self._number)

    def data_received(self, data: bytes) -> None:
        if self._parser.between and self.current is None and not self._held:
            if self._take_plain(data):
                return
            self._held, self._position = data, 0
            self._take_some(may_be_plain=False)
            return
        if self.tunnel is not None:
            self.tunnel.received(data)
            return
        if self.lingering:
            return
        self._held = self._held[self._position :] + data if self._held else data
        self._position = 0
        self._take()

    def eof_received(self) -> bool:
        """A client that closes its side has left: cancel its request in flight."""
        return False

    def pause_writing(self) -> None:
        self._unread = True
        if (other := self._tunnels_to()) is not None:
            other.pause_reading()
        elif (current := self.current) is not None and current.flow is not None:
            current.flow.pause()
        self.expect_reading()

    def resume_writing(self) -> None:
        self._unread = False
        if (other := self._tunnels_to()) is not None:
            other.resume_reading()
        elif (current := self.current) is not None and current.flow is not None:
            current.flow.resume()
        if self._incoming is None:
            self.deadline = NEVER if self.current is not None else self.idle_deadline()
        self._go_on()

    def _tunnels_to(self) -> Tunnel | None:
        return self.tunnel.other if self.tunnel is not None else None

    # Requests from the bytes held.

    def _go_on(self) -> None:
        """Take the next request, or read on, when the last response has been read."""
        if not self._may_take():
            return
        if self._held:
            self._front.deadlines.soon(self._take)
        elif self.current is None:
            self.resume_client()

    def _take(self) -> None:
        """Take the bytes held, if no request is in flight."""
        if self._taking or not self._held or not self._may_take():
            return
        if not self._reading and self.current is None:
            self.resume_client()  # before taking: a request may pause the client again
        self._take_some()

    def _take_some(self, *, may_be_plain: bool = True) -> None:
        """Take requests as long as each is answered at once, then let other connections continue.

        `may_be_plain`: whether the first one may need no parser.
        """
        self._taking = True
        try:
            for _ in range(_IN_A_ROW):
                self._take_next(may_be_plain=may_be_plain)
                if self._position >= len(self._held) or not self._may_take():
                    break
                may_be_plain = True
        except RefusedError as refused:
            self._refuse(refused.status)
        finally:
            self._taking = False
        if self._position >= len(self._held) or self.lingering:
            self._held = b""
            if self._reading:
                return
        elif len(self._held) - self._position > _HELD:
            self.pause_client()  # else keep reading, to notice when the client leaves
        self._go_on()

    def _may_take(self) -> bool:
        if self.lingering or self._transport.is_closing():
            return False
        return self._incoming is not None if self.current is not None else not self._unread

    def _take_next(self, *, may_be_plain: bool) -> None:
        """Parse one request, or the part of it that has arrived."""
        parser = self._parser
        data, start = self._held, self._position
        asking = parser.between and self.current is None
        if asking and may_be_plain and (end := data.find(b"\r\n\r\n", start) + 4) >= 4:
            self._position = end
            if self._take_plain(data[start:end]):
                return
        self._position = len(data)  # after a refusal nothing is parsed again
        self._position = parser.feed(data, start)
        if self.tunnel is not None:
            rest, self._held = data[self._position :], b""
            self.tunnel.received(rest)

    # The end of an exchange, and of the connection.

    def finished(self, exchange: Exchange) -> None:
        """An exchange's response is complete: take the next request, or close."""
        if self.current is not exchange:
            return
        self.current = None
        front = self._front
        if (journal := front.journal) is not None:
            now = front.deadlines.time()
            journal.add(exchange, now, front.name, self._port, self._number)
        if not exchange.request_complete:
            self._end_early()
        elif not exchange.keep_alive or front.closing:
            self.hang_up()  # an earlier head may have promised to close the connection
        elif self._unread:
            self.wait_for_reader()
        else:
            self.deadline = front.deadlines.coarse + front.idle_timeout
            if not self._taking and (self._held or not self._reading):
                self._go_on()

    @property
    def idle(self) -> bool:
        """Whether no request or response is in progress, not even a part of one."""
        return self.current is None and not (
            self._parser.head_open or self._held or self._unread or self.lingering
        )

    def leave(self) -> None:
        """Close an idle connection, and give its place back."""
        self._front.forget(self)
        self._transport.close()

    def retire(self) -> None:
        """Close when nothing is in flight."""
        if self._tunnels_to() is not None or self.current is None:
            self._transport.close()

    def expired(self, now: float) -> None:
        """A request is incomplete, a connection idle, or a response unread for too long."""
        if self.still_reading(now):
            return
        if self.lingering:
            self._transport.abort()
        elif self._incoming is not None or self._parser.head_open:
            self._refuse(408)
        elif self.current is None:
            self._transport.close()

    def _refuse(self, status: int) -> None:
        """Answer a malformed request, and close the connection."""
        if self.lingering or self._transport.is_closing():
            return
        self._parser.stop()
        response = self._front.handler.refusal(status)
        incoming, self._incoming = self._incoming, None
        if incoming is None and self.current is not None:
            self._transport.abort()  # its response may have begun
        elif incoming is None:
            now = self._front.deadlines.time()
            request = Request(b"-", b"-", b"-", b"", b"1.1", [], {}, self._peer)
            self.current = Exchange(self, request, False, now)
            answer(self.current, response)
        else:
            self._refuse_body(incoming, response)

    def _refuse_body(self, exchange: Exchange, response: Response) -> None:
        exchange.keep_alive = False
        flow, exchange.flow = exchange.flow, None
        if flow is not None:
            flow.cancel()
        if exchange.status:
            self._transport.abort()
        else:
            exchange.respond(response)

    def _end_early(self) -> None:
        """The response came before the request was complete: drop the rest of the request."""
        self._parser.stop()
        self._held = b""
        self.linger()
