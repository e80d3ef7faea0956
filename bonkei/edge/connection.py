"""A client's connection: bytes in, exchanges in order, bytes out."""

from __future__ import annotations

import asyncio
from collections import deque

from bonkei.edge.access import access_record
from bonkei.edge.client_transport import ClientTransport
from bonkei.edge.client_tunnel import ClientTunnel
from bonkei.edge.deadlines import NEVER
from bonkei.edge.exchange import Exchange
from bonkei.edge.front import Front
from bonkei.edge.head import RefusedError
from bonkei.edge.known_request import KnownRequest
from bonkei.edge.message import Request, Response, Tunnel, answer
from bonkei.edge.request_parser import RequestParser


class ClientConnection(ClientTransport):
    """Keeps the order of requests, bounds what a client may send and how slowly."""

    __slots__ = (
        "_begun", "_body_since", "_final", "_incoming", "_opened", "_parser", "_peer", "_port",
        "_queue", "logs", "tunnel",
    )  # fmt: skip

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self.logs = front.on_access is not None
        self.tunnel: ClientTunnel | None = None  # once a request asked for one
        self._queue: deque[Exchange] = deque()
        self._incoming: Exchange | None = None  # the exchange whose body is being read
        self._final: Response | None = None  # said after the queue, then the connection closes
        self._body_since = 0.0

    # The transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.attach(transport)
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
        if self.tunnel is not None:
            self.tunnel.lost()
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
        elif self.tunnel is not None:
            self.tunnel.received(data)
        elif not self.lingering and self._final is None:
            self._feed(data)

    def eof_received(self) -> bool:
        """A client that closes its side has left: what was on its way for it is cancelled."""
        return False

    def pause_writing(self) -> None:
        if (other := self._tunnels_to()) is not None:
            other.pause_reading()
        elif (current := self.current) is not None and current.flow is not None:
            current.flow.pause()
        self.expect_reading()

    def resume_writing(self) -> None:
        if (other := self._tunnels_to()) is not None:
            other.resume_reading()
        elif (current := self.current) is not None and current.flow is not None:
            current.flow.resume()
        if self._incoming is None:
            self.deadline = NEVER if self._queue else self.idle_deadline()

    def _tunnels_to(self) -> Tunnel | None:
        return self.tunnel.other if self.tunnel is not None else None

    # What is told of the requests.

    def head_begun(self) -> None:
        if self.lingering or self._transport.is_closing():
            raise RefusedError(400)  # what follows the last request is not one any more
        front = self._front
        self._begun = front.deadlines.time() if self.logs else front.deadlines.coarse
        if not self._queue:
            self.deadline = front.deadlines.coarse + front.limits.head_seconds

    def head_complete(self, request: Request, *, keep_alive: bool) -> None:
        if request.websocket:
            self.tunnel = ClientTunnel(self)
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
            self._end_early()
        elif not exchange.keep_alive:
            self.hang_up()
        elif self._queue:
            front.deadlines.soon(self._next)
        elif self._final is not None:
            self._say_final()
        elif front.closing:
            self.hang_up()  # its head was out before that was known
        else:
            self.deadline = front.deadlines.coarse + front.idle_timeout
            if not self._reading:
                self.resume_client()

    def retire(self) -> None:
        """Close once nothing is in flight."""
        if self._tunnels_to() is not None or not self._queue:
            self._transport.close()

    def expired(self, now: float) -> None:
        """Too slow: a request that is not complete, an idle connection, an unread response."""
        if self.still_reading(now):
            return
        if self.lingering:
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
            if self.tunnel is not None:
                self.tunnel.received(data)
                return

    def _refuse(self, status: int) -> None:
        """Answer what cannot be understood, after what came before it, and hang up."""
        if self.lingering or self._final is not None or self._transport.is_closing():
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

    def _end_early(self) -> None:
        """The answer came before the request was complete: the rest of it interests nobody."""
        self._parser.stop()
        self.linger()

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

    def _log(self, exchange: Exchange) -> None:
        if self._front.on_access is not None:
            now = self._front.deadlines.time()
            self._front.on_access(access_record(exchange, now, self._front.name, self._port))

    # What exchanges ask for.

    def resume_client(self) -> None:
        if not self._reading and self._incoming is not None:
            self._body_since = self._front.deadlines.coarse
            self.deadline = self.idle_deadline()
        super().resume_client()

    def open_tunnel(self, other: Tunnel) -> None:
        """From now on what the client sends goes to `other`, unparsed."""
        if self.tunnel is not None:
            self.deadline = NEVER
            self.tunnel.open(other)
