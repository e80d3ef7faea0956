"""A client's connection: bytes in, exchanges in order, bytes out."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from bonkei.edge.deadlines import NEVER
from bonkei.edge.exchange import BUFFERED, Exchange
from bonkei.edge.front import Front
from bonkei.edge.head import RefusedError
from bonkei.edge.known_request import KnownRequest
from bonkei.edge.message import Request, Response, Tunnel, answer
from bonkei.edge.request_parser import RequestParser

LINGER = 2.0
"""Seconds in which a refused client may read the answer while what it still sends is dropped."""


class ClientConnection(asyncio.Protocol):
    """Keeps the order of requests, bounds what a client may send and how slowly.

    It is also the client's end of a tunnel once a WebSocket has been opened.
    """

    __slots__ = (
        "_begun", "_body_since", "_early", "_final", "_front", "_incoming", "_lingering", "_opened",
        "_parser", "_peer", "_port", "_queue", "_reading", "_transport", "_tunnel", "_tunnel_asked",
        "_unsent", "deadline", "logs", "write",
    )  # fmt: skip

    def __init__(self, front: Front) -> None:
        self._front = front
        self.logs = front.on_access is not None
        self.deadline = NEVER
        self._queue: deque[Exchange] = deque()
        self._incoming: Exchange | None = None  # the exchange whose body is being read
        self._final: Response | None = None  # said after the queue, then the connection closes
        self._tunnel: Tunnel | None = None
        self._tunnel_asked = False
        self._early: list[bytes] = []
        self._lingering = False
        self._reading = True
        self._body_since = 0.0
        self._unsent = 0

    # The transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.write = self._transport.write
        peer = transport.get_extra_info("peername")
        self._peer: bytes = peer[0].encode() if peer else b""
        self._port: int = peer[1] if peer else 0
        front = self._front
        self._parser = RequestParser(self, front.limits, self._peer)
        self._opened = front.deadlines.time()
        if front.closing or len(front.connections) >= front.limits.connections:
            self._transport.abort()
            return
        front.connections.add(self)
        self.deadline = self._opened + front.idle_timeout
        front.deadlines.watch(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        front = self._front
        front.connections.discard(self)
        front.deadlines.forget(self)
        if self._tunnel is not None:
            self._tunnel.close()
        queue, self._queue = self._queue, deque()
        for exchange in queue:
            flow, exchange.flow = exchange.flow, None
            if flow is not None:
                flow.cancel()
            if front.on_access is not None:
                self._log(exchange)

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        if parser.between and not self._queue:
            front = self._front
            known = front.known.find(data, front.handler, self._peer)
            if known is not None:
                self._follow(known)
                return
            self._feed(data)
            if parser.between:
                front.known.learn(parser.headers, parser.fields, parser.size)
        elif self._tunnel is not None:
            self._tunnel.write(data)
        elif self._tunnel_asked:
            self._keep_early(data)
        elif not self._lingering and self._final is None:
            self._feed(data)

    def eof_received(self) -> bool:
        """A client that closes its side has left: what was on its way for it is cancelled."""
        return False

    def pause_writing(self) -> None:
        if self._tunnel is not None:
            self._tunnel.pause_reading()
        elif (current := self.current) is not None and current.flow is not None:
            current.flow.pause()
        self._unsent = self._transport.get_write_buffer_size() + 1
        self.deadline = self._idle_deadline()

    def resume_writing(self) -> None:
        if self._tunnel is not None:
            self._tunnel.resume_reading()
        elif (current := self.current) is not None and current.flow is not None:
            current.flow.resume()
        if self._incoming is None:
            self.deadline = NEVER if self._queue else self._idle_deadline()

    # What is told of the requests.

    def head_begun(self) -> None:
        if self._lingering or self._transport.is_closing():
            raise RefusedError(400)  # what follows the last request is not one any more
        front = self._front
        self._begun = front.deadlines.time() if self.logs else front.deadlines.coarse
        if not self._queue:
            self.deadline = front.deadlines.coarse + front.limits.head_seconds

    def head_complete(self, request: Request, *, keep_alive: bool) -> None:
        self._tunnel_asked = request.websocket
        front = self._front
        queue = self._queue
        exchange = Exchange(self, request, keep_alive, self._begun)
        front.requests += 1
        queue.append(exchange)
        if request.has_body:
            self._expect_body(exchange)
        else:
            exchange.request_complete = True
            self.deadline = NEVER
        if len(queue) == 1:
            handler = front.handler
            if not handler.body_needed or exchange.ready(handler.body_needed):
                exchange.start(handler)
        elif len(queue) > front.limits.pipelined:
            raise RefusedError(400)

    def _follow(self, known: KnownRequest) -> None:
        """Take a request without a body whose plan is made."""
        front = self._front
        begun = front.deadlines.time() if self.logs else front.deadlines.coarse
        exchange = Exchange(self, known.request, True, begun)
        exchange.request_complete = True
        self._queue.append(exchange)
        self.deadline = NEVER
        front.requests += 1
        exchange.follow(known.plan)

    def _expect_body(self, exchange: Exchange) -> None:
        request, front = exchange.request, self._front
        if request.length is not None and request.length > front.limits.body:
            self._queue.remove(exchange)
            raise RefusedError(413)
        self._incoming = exchange
        self._body_since = front.deadlines.coarse
        self.deadline = self._body_since + front.idle_timeout
        self._continue(exchange)

    def body_received(self, data: bytes) -> None:
        exchange = self._incoming
        if exchange is None:
            return
        front = self._front
        self.deadline = min(
            front.deadlines.coarse + front.idle_timeout,
            self._body_since + front.idle_timeout + exchange.received / front.limits.body_rate,
        )
        exchange.request_body(data)  # may pause the client, which takes the deadline away
        if exchange.received > front.limits.body:
            raise RefusedError(413)
        if not exchange.launched and exchange is self.current:
            self._start(exchange)

    def request_complete(self) -> None:
        exchange = self._incoming
        if exchange is not None:
            self._incoming = None
            self.deadline = NEVER
            exchange.request_end()
            if not exchange.launched and exchange is self.current:
                self._start(exchange)
        if len(self._queue) > 1:
            self.pause_client()

    # Exchanges.

    @property
    def current(self) -> Exchange | None:
        """The exchange whose turn it is."""
        return self._queue[0] if self._queue else None

    def keeps(self) -> bool:
        """Whether the connection may be used for another request."""
        front = self._front
        return not front.closing and front.deadlines.coarse - self._opened < front.client_keep_alive

    def finished(self, exchange: Exchange) -> None:
        """An exchange's response is complete: the next one's turn, or the end."""
        if not self._queue or self._queue[0] is not exchange:
            return
        self._queue.popleft()
        if self._front.on_access is not None:
            self._log(exchange)
        front = self._front
        if not exchange.request_complete:
            self._linger()
        elif not exchange.keep_alive:
            self._close()
        elif self._queue:
            front.deadlines.soon(self._next)
        elif self._final is not None:
            self._say_final()
        elif front.closing:
            self._close()  # its head was out before that was known
        else:
            self.deadline = front.deadlines.coarse + front.idle_timeout
            if not self._reading:
                self.resume_client()

    def abort(self) -> None:
        """Cut the connection: a response that has begun cannot be completed."""
        self._transport.abort()

    def retire(self) -> None:
        """Close once nothing is in flight."""
        if self._tunnel is not None or not self._queue:
            self._transport.close()

    def expired(self, now: float) -> None:
        """Too slow: a request that is not complete, an idle connection, an unread response."""
        if unsent := self._transport.get_write_buffer_size():
            if unsent >= self._unsent:
                self._transport.abort()  # nothing was read in all that time
            self._unsent = unsent
            self.deadline = now + self._front.idle_timeout
        elif self._lingering:
            self._transport.abort()
        elif self._incoming is not None or self._parser.head_open:
            self._refuse(408)
        elif not self._queue:
            self._transport.close()

    def _start(self, exchange: Exchange) -> None:
        handler = self._front.handler
        if exchange.ready(handler.body_needed):
            exchange.start(handler)

    def _next(self) -> None:
        if self._transport.is_closing():
            return
        current = self.current
        if current is not None:
            if not current.launched:
                if not current.received:
                    self._continue(current)
                self._start(current)
        elif self._final is not None:
            self._say_final()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                data = self._parser.feed(data)
            except RefusedError as refused:
                self._refuse(refused.status)
                return
            if self._tunnel is not None:
                self._tunnel.write(data)
                return
            if self._tunnel_asked:
                self._keep_early(data)
                return

    def _refuse(self, status: int) -> None:
        """Answer what cannot be understood, after what came before it, and hang up."""
        if self._lingering or self._final is not None or self._transport.is_closing():
            return
        self._parser.stop()
        response = self._front.handler.refusal(status)
        incoming, self._incoming = self._incoming, None
        if incoming is None:
            self._final = response
            if not self._queue:
                self._say_final()
            return
        incoming.keep_alive = False
        if incoming is not self.current:
            self._queue.remove(incoming)
            self._final = response
            return
        flow, incoming.flow = incoming.flow, None
        if flow is not None:
            flow.cancel()
        if incoming.status:
            self._transport.abort()
        else:
            incoming.respond(response)

    def _say_final(self) -> None:
        response, self._final = self._final, None
        if response is None:
            return
        request = Request(b"-", b"-", b"-", b"", b"1.1", [], {}, self._peer)
        exchange = Exchange(self, request, False, self._front.deadlines.time())
        self._queue.append(exchange)
        answer(exchange, response)

    def _linger(self) -> None:
        """Close so that the response arrives even if the client is still sending: a close with
        unread data in the kernel's buffer would reset the connection."""
        self._lingering = True
        self._parser.stop()
        self._unsent = self._transport.get_write_buffer_size() + 1
        self.deadline = self._front.deadlines.time() + LINGER
        if not self._transport.is_closing():
            self.resume_client()
            self._transport.write_eof()

    def _close(self) -> None:
        """Close once the client has read what is on its way to it, for which it has its time."""
        self._unsent = self._transport.get_write_buffer_size() + 1
        self.deadline = self._idle_deadline()
        self._transport.close()

    def _continue(self, exchange: Exchange) -> None:
        """Answer `Expect: 100-continue` at once and drop the header, as both layers do ("HTTP
        headers and Application Load Balancers"; CloudFront's table of request headers)."""
        expected = exchange.request.fields.get(b"expect")
        if expected is None or exchange.request_complete or exchange is not self.current:
            return
        if exchange.request.version == b"1.0":
            return  # a client that knows of no other response than the final one
        if b"100-continue" in expected.lower():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _idle_deadline(self) -> float:
        return self._front.deadlines.coarse + self._front.idle_timeout

    def _log(self, exchange: Exchange) -> None:
        if self._front.on_access is not None:
            now = self._front.deadlines.time()
            self._front.on_access(exchange.record(now, self._front.name, self._port))

    # Reading and writing.

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
            if self._incoming is not None:
                self._body_since = self._front.deadlines.coarse
                self.deadline = self._body_since + self._front.idle_timeout
            self._transport.resume_reading()

    # The client's end of a tunnel.

    def open_tunnel(self, tunnel: Tunnel) -> None:
        """From now on everything goes to `tunnel`, unparsed."""
        self._tunnel = tunnel
        self.deadline = NEVER
        self.resume_client()

    def take_early(self) -> bytes:
        """What was sent before the tunnel was open."""
        early, self._early = b"".join(self._early), []
        return early

    def pause_reading(self) -> None:
        self.pause_client()

    def resume_reading(self) -> None:
        self.resume_client()

    def close(self) -> None:
        self._tunnel = None
        self._transport.close()

    def _keep_early(self, data: bytes) -> None:
        if data:
            self._early.append(data)
            if sum(map(len, self._early)) > BUFFERED:
                self.pause_client()
