"""A client's bytes as requests: heads, bodies, and deadlines for both."""

from __future__ import annotations

from bonkei.services.edge.client.front import Front
from bonkei.services.edge.client.transport import ClientTransport
from bonkei.services.edge.client.tunnel import ClientTunnel
from bonkei.services.edge.http.deadlines import NEVER
from bonkei.services.edge.http.exchange import Exchange, Handler, Prepared
from bonkei.services.edge.http.head import RefusedError
from bonkei.services.edge.http.message import Request, Tunnel
from bonkei.services.edge.http.plain_head import plain_request


class IncomingRequests(ClientTransport):
    """The events of a client's parser: one request at a time."""

    __slots__ = (
        "_begun", "_body_since", "_incoming", "_last", "_opened", "_peer", "current", "logs",
        "tunnel",
    )  # fmt: skip

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self.logs = front.journal is not None
        self.tunnel: ClientTunnel | None = None  # set when a request asks for one
        self.current: Exchange | None = None  # the request that is in flight
        self._incoming: Exchange | None = None  # the same while its body is being read
        self._peer = b""  # the client's address
        # The last request that needed no parser: its bytes, it, what was prepared for it, by whom.
        self._last: tuple[bytes, Request, Prepared, Handler] | None = None
        self._opened = self._begun = self._body_since = 0.0

    def head_begun(self) -> None:
        if self.current is not None or self.lingering or self._transport.is_closing():
            raise RefusedError(400)  # the last request announced that no other follows
        front = self._front
        self._begun = front.deadlines.time() if self.logs else front.deadlines.coarse
        self.deadline = front.deadlines.coarse + front.limits.head_seconds

    def head_complete(self, request: Request, *, keep_alive: bool) -> None:
        if request.websocket:
            self.tunnel = ClientTunnel(self)
        front = self._front
        exchange = self.current = Exchange(self, request, keep_alive, self._begun)
        front.requests += 1
        if request.has_body:
            self._expect_body(exchange)
        else:
            exchange.request_complete = True
            self.deadline = NEVER
        self._start(exchange)

    def _take_plain(self, data: bytes) -> bool:
        """Take the request that is exactly `data`, if it needs no parser. If it is the last one
        again, it needs no preparation either: web ACLs, rates, the cache and the target's health
        are left to what was prepared."""
        front, last = self._front, self._last
        handler = front.handler
        if last is not None and last[0] == data and last[3] is handler:
            _, request, prepared, _ = last
        else:
            plain = plain_request(data, self._peer, front.limits)
            if plain is None:
                return False
            request, prepared = plain, handler.prepare(plain)
            self._last = data, request, prepared, handler
        begun = front.deadlines.time() if self.logs else front.deadlines.coarse
        exchange = self.current = Exchange(self, request, True, begun)
        exchange.request_complete = True
        self.deadline = NEVER
        front.requests += 1
        exchange.follow(prepared)
        return True

    def _start(self, exchange: Exchange) -> None:
        """Start the exchange when the part of the body to inspect has arrived."""
        handler = self._front.handler
        if exchange.ready(handler.body_needed):
            exchange.start(handler)

    def _expect_body(self, exchange: Exchange) -> None:
        request, front = exchange.request, self._front
        if request.length is not None and request.length > front.limits.body:
            self.current = None
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
        exchange.request_body(data)  # may pause the client, and so remove the deadline
        if exchange.received > front.limits.body:
            raise RefusedError(413)
        if not exchange.launched:
            self._start(exchange)

    def request_complete(self) -> None:
        exchange = self._incoming
        if exchange is not None:
            self._incoming = None
            self.deadline = NEVER
            exchange.request_end()
            if not exchange.launched:
                self._start(exchange)

    def _continue(self, exchange: Exchange) -> None:
        """Answer `Expect: 100-continue` at once and drop the header, as both layers do ("HTTP
        headers and Application Load Balancers"; CloudFront's table of request headers)."""
        expected = exchange.request.fields.get(b"expect")
        if expected is None or exchange.request.version == b"1.0":
            return  # HTTP/1.0 has no interim responses
        if b"100-continue" in expected.lower():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # Calls of the exchanges.

    def keeps(self) -> bool:
        """Whether the connection may be used for another request."""
        front = self._front
        return not front.closing and front.deadlines.coarse - self._opened < front.client_keep_alive

    def finished(self, exchange: Exchange) -> None:
        """The exchange's response is complete."""
        raise NotImplementedError

    def resume_client(self) -> None:
        if not self._reading and self._incoming is not None:
            self._body_since = self._front.deadlines.coarse
            self.deadline = self.idle_deadline()
        super().resume_client()

    def open_tunnel(self, other: Tunnel) -> None:
        """From now on the client's bytes go to `other`, unparsed."""
        if self.tunnel is not None:
            self.deadline = NEVER
            self.tunnel.open(other)
