"""HTTP messages as the data plane passes them on: a head, and the rules for its headers.

A header is a triple: its name in lower case, its value, and the line to pass on (with the name as
it was written). Heads never change. They are plain slotted classes: each request makes one, and
making a frozen dataclass costs several times as much.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from sys import getsizeof
from typing import Any, Protocol

Header = tuple[bytes, bytes, bytes]
Headers = list[Header]
Body = bytes | memoryview
"""Bytes of a body; a view where several readers share them."""


def header(name: bytes, value: bytes) -> Header:
    """A header by its name and value."""
    return name.lower(), value, b"%b: %b\r\n" % (name, value)


HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that concern one connection only (RFC 9110, section 7.6.1)."""

IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})
"""Methods that a proxy may repeat by itself (RFC 9110, section 9.2.2), except TRACE."""

REASONS = {
    **{int(status): status.phrase.encode() for status in HTTPStatus},
    503: b"Service Temporarily Unavailable",
    504: b"Gateway Time-out",
}
"""Reason phrases, as AWS's load balancers word them."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds the layer in front waits for the next byte of a response, and its answer
    when that time is over."""

    seconds: float
    response: Response


class Request:
    """The head of one request. `fields` has each header's value by its name in lower case;
    values of a repeated header are joined by commas."""

    __slots__ = (
        "added", "body", "chunked", "client", "fields", "has_body", "headers", "inspected",
        "length", "method", "path", "patience", "query", "shown", "size", "target", "version",
        "websocket",
    )  # fmt: skip

    def __init__(
        self,
        method: bytes,
        target: bytes,
        path: bytes,
        query: bytes,
        version: bytes,
        headers: Headers,
        fields: dict[bytes, bytes],
        client: bytes,
    ) -> None:
        self.method = method
        self.target = target
        self.path = path
        self.query = query
        self.version = version  # b"1.0" or b"1.1"
        self.headers = headers
        self.fields = fields
        self.client = client  # the address of the peer
        self.length: int | None = None  # Content-Length
        self.chunked = self.has_body = self.websocket = False
        self.body = b""  # the beginning of the body, if a rule inspects it
        self.patience: Patience | None = None
        self.size = 0  # bytes of the head as received
        self.added = b""  # the line of the header set by `mark`
        self.shown: str | None = None  # its target as access records have it, once there was one
        # By a web ACL: before, its verdict, after.
        self.inspected: tuple[Any, Any, Any] | None = None

    def mark(self, header: Header) -> None:
        """Set a header for this one request; it replaces the last mark. Equal requests share this
        object, and each reads its mark before the next one sets its own."""
        name, value, self.added = header
        self.fields[name] = value

    def but(self, **changes: bytes) -> Request:
        """A copy with other values."""
        other = copy.copy(self)
        other.shown = other.inspected = None
        for name, value in changes.items():
            setattr(other, name, value)
        return other


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the edge's own."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    close: bool = False  # close the client's connection afterwards


class Sink(Protocol):
    """Where a response goes: a client's connection, the cache, or both."""

    def head(self, status: int, reason: bytes, headers: Headers, length: int | None) -> None:
        """The head; `length` of the body where it is known. Hop-by-hop headers, Content-Length
        and Transfer-Encoding are not among the headers."""

    def body(self, data: bytes) -> None:
        """The next bytes of the body, which is not empty."""

    def flush(self) -> None:
        """There is no more for now: send the bytes given so far."""

    def end(self) -> None:
        """The response is complete."""

    def abort(self) -> None:
        """The head was given, but the response will never be complete."""

    def switch(self, headers: Headers) -> Tunnel | None:
        """101 Switching Protocols: the other end of the tunnel, or None without a tunnel."""


class Tunnel(Protocol):
    """One end of a connection that has left HTTP."""

    def write(self, data: bytes) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...


def answer(sink: Sink, response: Response, *, head_only: bool = False) -> None:
    """Give a response of the edge's own to a sink."""
    headers = [header(name, value) for name, value in response.headers]
    headers.append(header(b"Date", http_date(time.time())))
    sink.head(response.status, reason(response.status), headers, len(response.body))
    if response.body and not head_only:
        sink.body(response.body)
    sink.end()


def reason(status: int) -> bytes:
    """The usual reason phrase of a status."""
    return REASONS.get(status, b"Unknown")


def http_date(timestamp: float) -> bytes:
    """A time as HTTP writes it (IMF-fixdate)."""
    return formatdate(timestamp, usegmt=True).encode()


def value_of(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header, by its name in lower case."""
    for lower, value, _ in headers:
        if lower == name:
            return value
    return None


def weight(headers: Headers) -> int:
    """The memory that headers take, in bytes."""
    parts = sum(getsizeof(part) for each in headers for part in each)
    return parts + sum(map(getsizeof, headers)) + getsizeof(headers)


def bodiless(method: bytes, status: int) -> bool:
    """Whether a response has no body, even if its headers announce one (RFC 9112, section 6.3)."""
    return method == b"HEAD" or status == 204 or status == 304 or status < 200
