"""A connection to a target. It is kept for the next request if both sides allow it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

from bonkei.services.edge.http.deadlines import NEVER, Deadlines
from bonkei.services.edge.http.message import Headers, Tunnel
from bonkei.services.edge.http.response_head import ResponseHead
from bonkei.services.edge.http.response_parser import ResponseParser
from bonkei.services.edge.targets.last_words import last_words

_EMPTY_LINE = b"\r\n\r\n"
_REMEMBERED = 4096
"""Bytes of the longest head that a connection remembers."""


class Asking(Protocol):
    """The request that uses the connection, and receives the events of its response."""

    head_only: bool  # whether it is for a head alone
    sent_all: bool  # whether its body is sent completely

    def head(self, status: int, reason: bytes, headers: Headers, length: int | None) -> None:
        """The response's head."""

    def body_received(self, data: bytes) -> None:
        """The next bytes of the response's body."""

    def flush(self) -> None:
        """For now there is no more of the response."""

    def ended(self) -> None:
        """The response, or the tunnel, is complete."""

    def whole(self, head: ResponseHead, body: bytes) -> None:
        """The response in one piece."""

    def switch(self, headers: Headers, connection: Tunnel) -> Tunnel | None:
        """The target agreed to a WebSocket: the client's end of the tunnel, None if it left."""

    def lost(self, *, reused: bool, silent: bool) -> None:
        """The connection ended before the response was complete, or its bytes were malformed."""

    def timed_out(self, *, begun: bool) -> None:
        """The target sent nothing for the idle time-out."""

    def pause_client(self) -> None:
        """The target takes the body more slowly than it comes."""

    def resume_client(self) -> None:
        """The counterpart of `pause_client`."""


class KeptConnections:
    """One target's idle connections, at most `limit`. `exhausted`: called when no descriptor is
    left for another one."""

    def __init__(self, limit: int, exhausted: Callable[[], None]) -> None:
        self.limit = limit
        self.exhausted = exhausted
        self.every: set[TargetConnection] = set()
        self.idle: deque[TargetConnection] = deque()
        self.open = True

    def close(self) -> None:
        """Close them, and keep none from now on."""
        self.open = False
        while self.idle:
            self.idle.pop().close()

    def cut(self) -> None:
        """Give up the requests in flight."""
        for connection in tuple(self.every):
            connection.cut()


class TargetConnection(asyncio.Protocol):
    """Parses responses for the request that uses the connection, or carries a tunnel."""

    __slots__ = (
        "_deadlines", "_kept", "_last_bytes", "_last_head", "_parser", "_reading", "_send",
        "_transport", "_tunnel", "asking", "deadline", "idle_timeout", "is_closing", "used",
    )  # fmt: skip

    def __init__(
        self, kept: KeptConnections, asking: Asking, deadlines: Deadlines, idle_timeout: float
    ) -> None:
        self._kept = kept
        self.asking: Asking | None = asking
        self.deadline = NEVER
        self.idle_timeout = idle_timeout
        self.used = False  # whether it has carried a response already
        self._deadlines = deadlines
        self._tunnel: Tunnel | None = None
        self._reading = True
        self._parser = ResponseParser()
        # The head of the last response that came in one piece. Until Date changes, most responses
        # of a target have the same one.
        self._last_bytes = b""
        self._last_head: ResponseHead | None = None

    # Calls of the request.

    def ask(self, asking: Asking, head: bytes, seconds: float) -> None:
        """Send another request over the idle connection. If the request is only a head, the target
        now has `seconds` to send the next byte."""
        if self._parser.began:
            self._parser.reset()
        self.asking = asking
        self.idle_timeout = seconds
        self.deadline = self._deadlines.coarse + seconds if asking.sent_all else NEVER
        self._send(head)

    def await_response(self, seconds: float) -> None:
        """The request or a part of it is sent. The target has `seconds` to send the next byte."""
        self.deadline = self._deadlines.coarse + seconds
        self.idle_timeout = seconds

    def write(self, data: bytes) -> None:
        if self._tunnel is not None:
            self.deadline = self._deadlines.coarse + self.idle_timeout
        self._send(data)

    def pause_reading(self) -> None:
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self.deadline = NEVER  # the client is the slow side
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            if self.asking is None or self.asking.sent_all:
                self.deadline = self._deadlines.coarse + self.idle_timeout
            self._transport.resume_reading()

    def close(self) -> None:
        self.asking = None
        self._transport.close()

    def abort(self) -> None:
        """Give up a request in flight."""
        self.asking = None
        self._transport.abort()

    def cut(self) -> None:
        """Give up a request in flight, as if the target had disconnected."""
        if self._tunnel is not None:
            self._transport.abort()
        elif self.asking is not None:
            self._malformed(self.asking)

    # The transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send = self._transport.write
        self.is_closing = transport.is_closing
        self._kept.every.add(self)
        self._deadlines.watch(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._kept.every.discard(self)
        self._deadlines.forget(self)
        if exc is not None and self.asking is not None and self._tunnel is None:
            for data in last_words(self._transport):
                if self.asking is not None:
                    self.data_received(data)
        asking, self.asking = self.asking, None
        if self._tunnel is not None:
            tunnel, self._tunnel = self._tunnel, None
            tunnel.close()
            if asking is not None:
                asking.ended()
        elif asking is None:
            if self in self._kept.idle:
                self._kept.idle.remove(self)
        elif self._parser.until_end and exc is None:
            asking.ended()
        else:
            asking.lost(reused=self.used, silent=not self._parser.began)

    def data_received(self, data: bytes) -> None:
        asking = self.asking
        if asking is None:
            self._transport.abort()  # without a request this is not an answer: drop it
            return
        # While the client still uploads, the client's deadline counts.
        self.deadline = self._deadlines.coarse + self.idle_timeout if asking.sent_all else NEVER
        parser = self._parser
        if parser.began:
            if self._tunnel is not None:
                self._tunnel.write(data)
            else:
                self._parse(asking, parser, data)
            return
        head, known = self._last_head, self._last_bytes
        if (
            head is not None
            and len(data) == len(known) + head.length
            and data.startswith(known)
            and not asking.head_only
        ):
            # A whole response with a known head is passed on without parsing it.
            self._release(asking, keep=True)
            asking.whole(head, data[len(known) :])
        else:
            self._parse(asking, parser, data, is_first=True)

    def _parse(
        self, asking: Asking, parser: ResponseParser, data: bytes, *, is_first: bool = False
    ) -> None:
        """Parse the next piece of the response. The first one may be all of it."""
        had_head = parser.head_done
        try:
            rest = parser.feed(data, head_only=asking.head_only)
        except ValueError:
            self._malformed(asking)
            return
        if rest is not None:
            self._switch(asking, rest)
        elif is_first and parser.complete and (head := parser.whole_head()) is not None:
            size = data.find(_EMPTY_LINE) + 4
            if parser.keeps and size + head.length == len(data) and size <= _REMEMBERED:
                self._last_bytes, self._last_head = data[:size], head
            self._release(asking, keep=parser.keeps)
            asking.whole(head, parser.body)
        elif parser.head_done:
            self._pass_on(asking, parser, had_head=had_head)

    def _pass_on(self, asking: Asking, parser: ResponseParser, *, had_head: bool) -> None:
        """Pass on a piece of the response. The receiver may give up the request meanwhile."""
        if not had_head:
            asking.head(parser.status, parser.reason, parser.headers, parser.length)
        if parser.body and self.asking is asking:
            asking.body_received(parser.body)
        if self.asking is not asking:
            return
        if parser.complete:
            self._release(asking, keep=parser.keeps)
            asking.ended()
        else:
            asking.flush()

    def pause_writing(self) -> None:
        if self._tunnel is not None:
            self._tunnel.pause_reading()
        elif self.asking is not None:
            # A target that reads nothing of a body for this long will not answer either.
            self.deadline = self._deadlines.coarse + self.idle_timeout
            self.asking.pause_client()

    def resume_writing(self) -> None:
        if self._tunnel is not None:
            self._tunnel.resume_reading()
        elif self.asking is not None:
            if not self.asking.sent_all:
                self.deadline = NEVER
            self.asking.resume_client()

    def expired(self, now: float) -> None:  # noqa: ARG002
        """The target, or both ends of a tunnel, sent nothing for the idle time-out."""
        asking, self.asking = self.asking, None
        if asking is not None and self._tunnel is None:
            asking.timed_out(begun=self._parser.head_done)
        elif asking is not None:
            asking.ended()
        self._transport.abort()

    # The end of a response.

    def _release(self, asking: Asking, *, keep: bool) -> None:
        self.asking = None
        self.used = True
        kept = self._kept
        if keep and asking.sent_all and kept.open and len(kept.idle) < kept.limit:
            kept.idle.append(self)
        else:
            self._transport.close()

    def _malformed(self, asking: Asking) -> None:
        self.asking = None
        self._transport.abort()
        asking.lost(reused=False, silent=False)

    def _switch(self, asking: Asking, rest: bytes) -> None:
        tunnel = asking.switch(self._parser.headers, self)
        if tunnel is None:
            self._malformed(asking)
            return
        self._tunnel = tunnel
        self.deadline = self._deadlines.coarse + self.idle_timeout
        if rest:
            tunnel.write(rest)
