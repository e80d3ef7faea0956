"""One request on a client's connection, and its response."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bonkei.services.edge.http.firewall import Inspections, Verdict
from bonkei.services.edge.http.message import (
    Body,
    Header,
    Headers,
    Request,
    Response,
    Sink,
    Tunnel,
    answer,
    bodiless,
)
from bonkei.services.edge.http.response_head import Decorator, ResponseHead

_KEEP_ALIVE = b"Connection: keep-alive\r\n\r\n"
_CLOSE = b"Connection: close\r\n\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_UNKNOWN: Header = (b"", b"", b"")
_JOIN = b"".join
BUFFERED = 64 * 1024
"""Bytes of a request's body held until a layer takes them. With more, the client has to wait."""


class Flow(Protocol):
    """A request on its way to a target."""

    def upload(self, data: bytes) -> None:
        """The next bytes of the request's body."""

    def uploaded(self) -> None:
        """The request's body is complete."""

    def cancel(self) -> None:
        """The client no longer waits for the response."""

    def pause(self) -> None:
        """The response arrives faster than it can be passed on."""

    def resume(self) -> None:
        """The counterpart of `pause`."""


class Channel(Protocol):
    """The client's connection, in the view of an exchange."""

    logs: bool  # whether finished exchanges are logged

    @property
    def tunnel(self) -> Tunnel | None:
        """The client's end of a tunnel, if the request asks for one."""

    def write(self, data: Body) -> None: ...

    @property
    def current(self) -> Exchange | None:
        """The exchange that is being answered."""

    def keeps(self) -> bool:
        """Whether the connection may be used for another request."""

    def finished(self, exchange: Exchange) -> None:
        """The exchange's response is complete."""

    def abort(self) -> None:
        """Cut the connection: a response that has begun cannot be completed."""

    def pause_client(self) -> None:
        """Read no more until `resume_client`."""

    def resume_client(self) -> None:
        """The counterpart of `pause_client`."""

    def open_tunnel(self, tunnel: Tunnel) -> None:
        """From now on the client's bytes go to `tunnel`, unparsed."""


Prepared = Callable[["Exchange"], "Flow | None"]
"""A layer's work for a request: it answers the exchange at once, or lets a flow do so."""

Onward = Callable[["Exchange | None", Sink], "Flow | None"]
"""`Prepared` of an inner layer. The outer layer may be its sink; the exchange may be None."""


class Handler(Protocol):
    """A layer. It never changes; another routing has another handler."""

    body_needed: int  # bytes of the body that it inspects before it decides

    def prepare(self, request: Request) -> Prepared:
        """The treatment of requests with this head. Results that depend on the head alone are
        computed here, once for all such requests. The returned value does the rest for each.
        """

    def refusal(self, status: int) -> Response:
        """The last response to a client that sends a malformed request."""


class Exchange:
    """A request, the body that follows it, and the sink for its response.

    It waits for its predecessors on the connection, is started, and is answered. Request and
    response may overlap; it ends when the response is complete.
    """

    __slots__ = (
        "_chunked", "_connection", "_out", "_pending", "_pending_size", "blocked_by",
        "cache_result", "decorator", "flow", "group_arn", "identity", "inspections", "keep_alive",
        "launched", "logs", "received", "redirect_url", "request", "request_complete", "retries",
        "rule", "sent", "started", "status", "task_id", "trace_id",
    )  # fmt: skip

    def __init__(
        self, connection: Channel, request: Request, keep_alive: bool, started: float
    ) -> None:
        self._connection = connection
        self.request = request
        self.keep_alive = keep_alive
        self.started = started
        self.logs = connection.logs
        self.launched = False  # the first layer has it
        self.flow: Flow | None = None
        self.request_complete = False
        self.status = 0  # of the response, 0 until its head is sent
        self.sent = 0  # bytes of the response's body
        self.received = 0  # bytes of the request's body
        # For the access log, set by the layers:
        self.rule = self.group_arn = self.task_id = ""
        self.cache_result = self.blocked_by = ""
        self.trace_id = self.redirect_url = b""
        self.retries = 0
        self.inspections: Inspections = ()
        self.decorator: Decorator | None = None
        self.identity = _UNKNOWN
        self._chunked = False
        self._out: list[Body] | None = None
        self._pending: list[bytes] | None = None
        self._pending_size = 0

    def start(self, handler: Handler) -> None:
        """Give the request to the first layer, with the part of the body that has arrived."""
        if self._pending is not None and handler.body_needed:
            self.request.body = b"".join(self._pending)[: handler.body_needed]
        flow = self.follow(handler.prepare(self.request))
        if flow is None:
            return
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self._connection.resume_client()  # may have been paused; the flow does so by itself
            for data in pending:
                flow.upload(data)
        if self.request_complete and self.request.has_body:
            flow.uploaded()

    def follow(self, prepared: Prepared) -> Flow | None:
        """The request's turn has come."""
        self.launched = True
        flow = prepared(self)
        if flow is None or (self.status and self._connection.current is not self):
            return None  # it is over already
        self.flow = flow
        return flow

    def ready(self, body_needed: int) -> bool:
        """Whether enough of the body has arrived for a layer that inspects it."""
        return (
            not body_needed
            or self.request_complete
            or not self.request.has_body
            or self._pending_size >= body_needed
        )

    # The request's body, from the client's connection.

    def request_body(self, data: bytes) -> None:
        """The next bytes of the body; held back while the request waits for its turn."""
        self.received += len(data)
        if self.flow is not None:
            self.flow.upload(data)
        elif not self.status:
            if self._pending is None:
                self._pending = []
            self._pending.append(data)
            self._pending_size += len(data)
            if self._pending_size > BUFFERED:
                self._connection.pause_client()

    def request_end(self) -> None:
        """The body is complete."""
        self.request_complete = True
        if self.flow is not None:
            self.flow.uploaded()

    # The sink.

    def head(self, status: int, reason: bytes, headers: Headers, length: int | None) -> None:
        self.status = status
        if self.decorator is not None:
            headers = self.decorator.decorate(status, headers, self.identity)
        lines: list[Body] = [b"HTTP/1.1 %d %b\r\n" % (status, reason)]
        lines += [line for _, _, line in headers]
        if length is not None:
            if status >= 200 and status != 204:
                lines.append(b"Content-Length: %d\r\n" % length)
        elif bodiless(self.request.method, status):
            pass
        elif self.request.version == b"1.1":
            self._chunked = True
            lines.append(_CHUNKED)
        else:
            self.keep_alive = False
        # A response before the end of its request closes the connection. The client must know this,
        # or it would send the next request into the connection.
        if not (self.request_complete and self.keep_alive and self._connection.keeps()):
            self.keep_alive = False
            lines.append(_CLOSE)
        else:
            lines.append(_KEEP_ALIVE)
        self._out = lines

    def body(self, data: Body) -> None:
        self.sent += len(data)
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), bytes(data))
        self._send(data)

    def _send(self, data: Body) -> None:
        if self._out is None:
            self._out = []
        self._out.append(data)

    def whole(self, head: ResponseHead, body: bytes) -> None:
        """The response in one piece: like `head`, `body` and `end`, but in one write."""
        connection = self._connection
        last = _KEEP_ALIVE
        if not (self.request_complete and self.keep_alive and connection.keeps()):
            self.keep_alive = False
            last = _CLOSE
        self.status = head.status
        self.sent = len(body)
        connection.write(_JOIN((head.lines(self.decorator), self.identity[2], last, body)))
        self.flow = None
        connection.finished(self)

    def flush(self) -> None:
        out, self._out = self._out, None
        if out:
            # One write for all of it: each is a system call.
            self._connection.write(out[0] if len(out) == 1 else b"".join(out))

    def end(self) -> None:
        if self._chunked:
            self._send(b"0\r\n\r\n")
        self.flush()
        self.flow = None
        self._connection.finished(self)

    def abort(self) -> None:
        self.flow = None
        self._connection.abort()

    def switch(self, headers: Headers) -> Tunnel | None:
        if self.decorator is not None:
            headers = self.decorator.decorate(101, headers, self.identity)
        lines = [b"HTTP/1.1 101 Switching Protocols\r\n"]
        lines += [line for _, _, line in headers]
        lines.append(b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        self.status = 101
        self._connection.write(b"".join(lines))
        return self._connection.tunnel

    def respond(self, response: Response) -> None:
        """Answer with a response of the edge's own."""
        if response.close:
            self.keep_alive = False
        answer(self, response, head_only=self.request.method == b"HEAD")

    # Calls of the layers to the connection.

    def pause_client(self) -> None:
        """Read no more of the request until `resume_client`."""
        self._connection.pause_client()

    def resume_client(self) -> None:
        """The counterpart of `pause_client`."""
        self._connection.resume_client()

    def open_tunnel(self, tunnel: Tunnel) -> None:
        """From now on the client's bytes go to `tunnel`."""
        self._connection.open_tunnel(tunnel)

    def inspected(self, verdict: Verdict, request: Request) -> None:
        """A web ACL has decided about the request in its present form. For the access log."""
        before = self.inspections
        known = request.inspected
        if known is not None and known[0] is before and known[1] is verdict:
            self.inspections = known[2]
            return
        after = self.inspections = (*before, (verdict, request.headers))
        request.inspected = before, verdict, after
