"""A client's bytes as requests: llhttp, the limits of a head, and the checks of `head`."""

from __future__ import annotations

from typing import Protocol

import httptools

from bonkei.services.edge.http.head import RefusedError, make_request
from bonkei.services.edge.http.message import Headers, Request
from bonkei.services.edge.settings import Limits

_EMPTY_LINE = b"\r\n\r\n"
_VERSION = 16  # bytes of a request line's end that have the protocol


class RequestEvents(Protocol):
    """Receives the parts of the requests, in order. Each method may raise `RefusedError`."""

    def head_begun(self) -> None:
        """The first byte of a request arrived."""

    def head_complete(self, request: Request, *, keep_alive: bool) -> None:
        """A head passed the checks; `keep_alive`: whether the connection may be kept."""

    def body_received(self, data: bytes) -> None:
        """The next bytes of the request's body, without their chunking."""

    def request_complete(self) -> None:
        """The request, with its body if it has one, is complete."""


class RequestParser:
    """Parses a client's bytes, one request at a time. The caller keeps the bytes behind a request,
    and may let the client wait.

    `headers`, `fields` and `size` describe the last head; `size` is in bytes, as the limits of a
    head count them.
    """

    __slots__ = (
        "_body", "_ended", "_events", "_fed", "_first", "_keeps", "_left", "_limits", "_parser",
        "_peer", "_tail", "_target", "between", "fields", "head_open", "headers", "size",
    )  # fmt: skip

    def __init__(self, events: RequestEvents, limits: Limits, peer: bytes) -> None:
        self._events = events
        self._limits = limits
        self._peer = peer
        self._parser = httptools.HttpRequestParser(self)
        self.between = True  # between two requests: a known one need not be parsed
        self._first: bytes | None = b""  # the end of the request line so far; None behind it
        self._keeps = False  # whether another request may follow the current one
        self.head_open = False
        self._fed = 0  # bytes of the current head, chunk line or trailer
        self._body: list[bytes] = []  # the body's bytes in the piece being parsed
        self._left = 0  # bytes still to come of a body with a Content-Length
        self._tail = b""  # the last bytes of the piece before, in a head or a chunked body
        self._ended = False  # whether the last piece held the end of a request
        self._target = b""
        self.headers: Headers = []
        self.fields: dict[bytes, bytes] = {}
        self.size = 0

    def stop(self) -> None:
        """Expect no further request."""
        self.head_open = self.between = self._keeps = False

    def feed(self, data: bytes, start: int) -> int:
        """Parse from `start` to the end of a request, or of the data. Returns the position of the
        rest. After an upgrade that the edge offers, the rest is not HTTP.

        Raises `RefusedError` with the status for the client.
        """
        self._ended = False
        end = len(data)
        while start < end and not self._ended:
            stop = min(start + self._left, end) if self._left else self._boundary(data, start)
            piece = data if stop - start == end else data[start:stop]
            self._fed += len(piece)
            if self._first is not None:
                self._first = _rest_of_line(self._first + piece)
            try:
                self._parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                # llhttp has stopped. An upgrade that is not offered is ignored (RFC 9110, 7.8).
                self._parser = httptools.HttpRequestParser(self)
                stop = start + int(upgrade.args[0])
            except httptools.HttpParserError as error:
                refused = error.__context__
                raise refused if isinstance(refused, RefusedError) else RefusedError(400) from None
            if self._fed > 2 * self._limits.head:  # the client may have nothing more to send
                raise RefusedError(400)
            start = stop
        if self._body:
            self._pass_body_on()
        return start

    def _boundary(self, data: bytes, start: int) -> int:
        """The end of the next empty line, or of the data. Heads and chunked bodies end nowhere
        else, since llhttp accepts no other line ends."""
        tail = self._tail
        if tail:
            across = (tail + data[start : start + 3]).find(_EMPTY_LINE)
            if across >= 0:
                self._tail = b""
                return start + across + 4 - len(tail)
        stop = data.find(_EMPTY_LINE, start) + 4
        if stop >= 4:
            self._tail = b""
            return stop
        self._tail = (tail + data[start:])[-3:] if len(data) - start < 3 else data[-3:]
        return len(data)

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        self._target = b""
        self.headers = []
        self.fields = {}
        self.size = 0
        self._fed = 0
        self._left = 0
        self.head_open = True
        self.between = False
        self._events.head_begun()

    def on_url(self, target: bytes) -> None:
        self._target += target
        if len(self._target) > self._limits.request_line:
            raise RefusedError(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        size = len(name) + len(value) + 4
        self.size += size
        limits = self._limits
        if size > limits.header or self.size > limits.head:
            raise RefusedError(400)
        if not self.head_open:
            return  # trailers are dropped
        lower = name.lower()
        value = value.rstrip(b" \t")  # llhttp leaves it there (RFC 9112, section 5.1)
        fields = self.fields
        if lower in fields:
            if lower == b"host":
                raise RefusedError(400)
            separator = b"; " if lower == b"cookie" else b","
            fields[lower] = fields[lower] + separator + value
        else:
            fields[lower] = value
        self.headers.append((lower, value, b"%b: %b\r\n" % (name, value)))

    def on_headers_complete(self) -> None:
        self.head_open = False
        if len(self.headers) > self._limits.header_count:
            raise RefusedError(400)
        parser = self._parser
        # Only HTTP/1.1 is kept alive by default. This test is cheaper than asking llhttp.
        plain = parser.should_keep_alive() and b"connection" not in self.fields
        request, keep_alive = make_request(
            parser.get_method(),
            self._target,
            "1.1" if plain else parser.get_http_version(),
            self.headers,
            self.fields,
            self._peer,
        )
        request.size = self.size + len(request.target)
        if parser.should_upgrade():
            if request.has_body:
                raise RefusedError(400)  # llhttp would treat the body as the tunnel's bytes
            if request.websocket:
                keep_alive = False
        self._keeps = keep_alive
        self._left = request.length or 0
        self._events.head_complete(request, keep_alive=keep_alive)

    def on_body(self, data: bytes) -> None:
        self._fed = 0
        if self._left:
            self._left -= len(data)
        self._body.append(data)

    def on_message_complete(self) -> None:
        self.between = self._keeps
        self._ended = True
        self._first = b""
        if self._body:
            self._pass_body_on()
        self._events.request_complete()

    def _pass_body_on(self) -> None:
        """Pass tiny chunks on together: each costs a system call on its way to the target."""
        body, self._body = self._body, []
        self._events.body_received(body[0] if len(body) == 1 else b"".join(body))


def _rest_of_line(data: bytes) -> bytes | None:
    """What must be known of a request line that goes on; None if it is complete. llhttp reads RTSP
    and ICE, too. Raises `RefusedError` for such a line."""
    line, end, _ = data.lstrip(b"\r\n").partition(b"\r\n")
    if not end:
        return line[-_VERSION:]
    if not line.rpartition(b" ")[2].startswith(b"HTTP/"):
        raise RefusedError(400)
    return None
