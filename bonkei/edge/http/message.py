"""HTTP messages as the data plane passes them on: a head, and the rules for its headers.

A header is a triple of its name in lower case, its value, and the line that is passed on (with the
name as it was written). Heads are made once and not changed afterwards; they are plain slotted
classes, as one is made for each request and a frozen dataclass costs several times as much to make.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Protocol

Header = tuple[bytes, bytes, bytes]
Headers = list[Header]
Body = bytes | memoryview
"""Bytes of a body; a view of them where they are shared."""


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
"""Methods that a proxy may repeat by itself (RFC 9110, section 9.2.2), TRACE aside."""

REASONS = {
    **{int(status): status.phrase.encode() for status in HTTPStatus},
    503: b"Service Temporarily Unavailable",
    504: b"Gateway Time-out",
}
"""Reason phrases, as AWS's load balancers word them."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the layer in front waits for the next byte of a response, in seconds, and what it
    says when that was not enough."""

    seconds: float
    response: Response


_DERIVED = 16


class HeaderBlock:
    """The headers of a request, shared between all requests that have them: not to be changed.

    `derived` holds what the layers made of it, by whatever else that depends on.
    """

    __slots__ = ("derived", "fields", "headers", "size")

    def __init__(self, headers: Headers, fields: dict[bytes, bytes], size: int = 0) -> None:
        self.headers = headers
        self.fields = fields
        self.size = size  # bytes, as the limits of a head count them
        self.derived: dict[object, Any] = {}

    def keep(self, key: object, value: Any) -> Any:
        """Remember what a layer made of the block; clients and routings come and go."""
        if len(self.derived) >= _DERIVED:
            self.derived.clear()
        self.derived[key] = value
        return value


class Request:
    """The head of one request. `fields` has each header's value by its name in lower case;
    values of a repeated header are joined by commas."""

    length: int | None = None  # Content-Length
    chunked = False
    has_body = False
    websocket = False
    body = b""  # the beginning of the body, where a rule inspects it
    patience: Patience | None = None
    size = 0  # bytes of the head as it came
    block: HeaderBlock | None = None  # its headers, where they are known
    added = b""  # the line of the header that `mark` gave it

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

    def mark(self, header: Header) -> None:
        """Give the request a header of its own, in place of the last one. A head that comes again
        is the same object; whoever needed the header has read it by then."""
        name, value, self.added = header
        self.fields[name] = value

    def but(self, **changes: bytes) -> Request:
        """A copy with other values."""
        other = copy.copy(self)
        for name, value in changes.items():
            setattr(other, name, value)
        return other


@dataclass(frozen=True, slots=True)
class Response:
    """A response that the edge makes by itself."""

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
        """For now there is no more; what was given so far goes out."""

    def end(self) -> None:
        """The response is complete."""

    def abort(self) -> None:
        """The response, whose head was given, will never be complete."""

    def switch(self, headers: Headers) -> Tunnel | None:
        """101 Switching Protocols: the peer of the tunnel, or None where there cannot be one."""


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


def bodiless(method: bytes, status: int) -> bool:
    """Whether a response has no body whatever its headers say (RFC 9112, section 6.3)."""
    return method == b"HEAD" or status == 204 or status == 304 or status < 200
