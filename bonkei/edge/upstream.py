"""A connection to a target, kept for the next request where both sides allow it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol, cast

import httptools

from bonkei.edge.deadlines import NEVER, Deadlines
from bonkei.edge.last_words import last_words
from bonkei.edge.message import HOP_BY_HOP, Headers, Tunnel
from bonkei.edge.message import reason as usual_reason
from bonkei.edge.response_head import KnownHeads, ResponseHead

HEAD_LIMIT = 64 * 1024
"""Bytes of a response's head or trailer, in all; more is malformed."""


class Asking(Protocol):
    """The request that has the connection, as it is told what becomes of it."""

    head_only: bool  # whether it is for a head alone
    sent_all: bool  # whether its body is out

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
        """The connection ended, or its bytes made no sense, before the response was complete."""

    def timed_out(self, *, begun: bool) -> None:
        """The target did not say anything for the idle time-out."""

    def pause_client(self) -> None:
        """The target takes the body more slowly than it comes."""

    def resume_client(self) -> None:
        """The counterpart of `pause_client`."""


class KeptConnections:
    """What is kept of one target: idle connections, and the response heads that came before."""

    def __init__(self) -> None:
        self.idle: deque[TargetConnection] = deque()
        self.heads = KnownHeads()
        self.open = True

    def close(self) -> None:
        """Close them, and keep none from now on."""
        self.open = False
        while self.idle:
            self.idle.pop().close()


class TargetConnection(asyncio.Protocol):
    """Parses responses for the request that has the connection, or carries a tunnel."""

    __slots__ = (
        "_chunked", "_closes", "_complete", "_deadlines", "_fed", "_head_done", "_headers",
        "_keep_alive", "_kept", "_length", "_parser", "_reading", "_reason", "_send", "_status",
        "_transport", "_tunnel", "asking", "deadline", "idle_timeout", "is_closing", "used",
    )  # fmt: skip

    def __init__(
        self, kept: KeptConnections, asking: Asking, deadlines: Deadlines, idle_timeout: float
    ) -> None:
        self._kept = kept
        self.asking: Asking | None = asking
        self.deadline = NEVER
        self.idle_timeout = idle_timeout
        self.used = False  # whether a response has come over it already
        self._deadlines = deadlines
        self._tunnel: Tunnel | None = None
        self._reading = True
        self._parser = httptools.HttpResponseParser(self)
        self._reset()

    def _reset(self) -> None:
        self._headers: Headers = []
        self._status = 0
        self._reason = b""
        self._length: int | None = None
        self._chunked = False
        self._head_done = False
        self._complete = False
        self._closes = False
        self._keep_alive = False
        self._fed = 0  # bytes of what is no body, since the head or a part of the body was complete

    # What the request does.

    def ask(self, asking: Asking, head: bytes, seconds: float) -> None:
        """Send another request over the connection, which is idle; if the head is all of it, the
        target has so many seconds to send the next byte."""
        if self._fed:
            self._reset()
        self.asking = asking
        self.idle_timeout = seconds
        self.deadline = self._deadlines.coarse + seconds if asking.sent_all else NEVER
        self._send(head)

    def await_response(self, seconds: float) -> None:
        """The request is out (or a part of it); the target has so long to send the next byte."""
        self.deadline = self._deadlines.coarse + seconds
        self.idle_timeout = seconds

    def write(self, data: bytes) -> None:
        if self._tunnel is not None:
            self.deadline = self._deadlines.coarse + self.idle_timeout
        self._send(data)

    def pause_reading(self) -> None:
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self.deadline = NEVER  # it is the client who is slow
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

    # The transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send = self._transport.write
        self.is_closing = transport.is_closing
        self._deadlines.watch(self)

    def connection_lost(self, exc: Exception | None) -> None:
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
        elif self._head_done and self._length is None and not self._chunked and exc is None:
            asking.ended()  # the end of the connection is the end of the body
        else:
            asking.lost(reused=self.used, silent=not self._fed)

    def data_received(self, data: bytes) -> None:
        asking = self.asking
        if asking is None:
            self._transport.abort()  # nothing was asked: whatever this is must answer nobody
            return
        # While the client still uploads, the time that counts is the client's.
        self.deadline = self._deadlines.coarse + self.idle_timeout if asking.sent_all else NEVER
        if not self._fed:
            end = data.find(b"\r\n\r\n") + 4
            head = self._kept.heads.get(data[:end])
            if head is not None and len(data) == end + head.length and not asking.head_only:
                # A whole response whose head came before is passed on without parsing it.
                self._release(asking, keep=True)
                asking.whole(head, data[end:])
                return
        if self._tunnel is not None:
            self._tunnel.write(data)
            return
        self._parse(asking, data)

    def _parse(self, asking: Asking, data: bytes) -> None:
        first = not self._fed
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._switch(asking, data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            if not self._complete:
                self._malformed(asking)
                return
            self._keep_alive = False
        if self._complete:
            if first:
                self._remember(data)
            self._release(asking, keep=self._keep_alive and not self._closes)
            asking.ended()
        elif self._fed > HEAD_LIMIT:
            self._malformed(asking)
        elif self._head_done:
            asking.flush()

    def pause_writing(self) -> None:
        if self._tunnel is not None:
            self._tunnel.pause_reading()
        elif self.asking is not None:
            # A target that takes nothing of a body for so long will not answer either.
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
        """The target, or both ends of a tunnel, said nothing for the idle time-out."""
        asking, self.asking = self.asking, None
        if asking is not None and self._tunnel is None:
            asking.timed_out(begun=self._head_done)
        elif asking is not None:
            asking.ended()
        self._transport.abort()

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        if self._complete:
            self._keep_alive = False  # a second response to one request
        elif self._status:
            self._headers = []  # the final response after an informational one
            self._reason = b""

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_done:
            return  # a trailer, or a second response
        lower = name.lower()
        if lower in HOP_BY_HOP:
            if lower == b"transfer-encoding":
                if value.strip().lower() != b"chunked":
                    raise ValueError(value)
                self._chunked = True
            elif lower == b"connection" and b"close" in value.lower():
                self._closes = True
        elif lower == b"content-length":
            self._length = int(value)
        else:
            self._headers.append((lower, value, b"%b: %b\r\n" % (name, value)))

    def on_headers_complete(self) -> None:
        if self._head_done:
            return
        status = self._parser.get_status_code()
        self._status = status
        asking = self.asking
        if status < 200 or asking is None:
            return
        if status > 599:
            raise ValueError(status)
        self._head_done = True
        self._fed = 1
        asking.head(status, self._reason, self._headers, self._length)
        if asking.head_only:
            # llhttp cannot be told that no body follows: this parser ends here.
            self._complete = True
            self._keep_alive = self._parser.get_http_version() == "1.1"
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, data: bytes) -> None:
        if self._complete or self.asking is None:
            self._keep_alive = False
            return
        self._fed = 1
        self.asking.body_received(data)

    def on_message_complete(self) -> None:
        if self._status >= 200 and not self._complete:
            self._complete = True
            self._keep_alive = self._parser.should_keep_alive()

    # The end of a response.

    def _release(self, asking: Asking, *, keep: bool) -> None:
        self.asking = None
        self.used = True
        kept = self._kept
        if keep and asking.sent_all and kept.open:
            kept.idle.append(self)
        else:
            self._transport.close()

    def _remember(self, data: bytes) -> None:
        """Know the head again, if `data` was one response whose end its length tells."""
        if (
            self._keep_alive
            and not (self._closes or self._chunked)
            and self._length is not None
            and self._status != 204  # has no Content-Length for the client
        ):
            reason = self._reason or usual_reason(self._status)
            self._kept.heads.remember(data, self._status, reason, self._headers, self._length)

    def _malformed(self, asking: Asking) -> None:
        self.asking = None
        self._transport.abort()
        asking.lost(reused=False, silent=False)

    def _switch(self, asking: Asking, rest: bytes) -> None:
        if self._status != 101:
            self._malformed(asking)
            return
        tunnel = asking.switch(self._headers, self)
        if tunnel is None:
            self._malformed(asking)
            return
        self._tunnel = tunnel
        self.deadline = self._deadlines.coarse + self.idle_timeout
        if rest:
            tunnel.write(rest)
