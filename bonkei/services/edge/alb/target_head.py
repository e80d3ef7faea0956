"""The headers that a load balancer adds to a request and removes from it.

"HTTP headers and Application Load Balancers" and "Request tracing for your Application Load
Balancer" (User Guide for Application Load Balancers).
"""

from __future__ import annotations

import secrets
import time
from itertools import count

from bonkei.services.edge.http.message import HOP_BY_HOP, Headers, Request

_REPLACED = HOP_BY_HOP | {
    b"content-length",
    b"expect",
    b"x-forwarded-for",
    b"x-forwarded-port",
    b"x-forwarded-proto",
    b"x-amzn-trace-id",
}


_NO_BODY = b"\r\n"

TargetHead = tuple[bytes, bytes, bytes, bytes, bytes]
"""A request's head for the target, in pieces: the method, then the target is missing; lines, then a
fresh trace id is missing; the end of its line, then the header set by `Request.mark` is missing;
the end. The last is the beginning of X-Amzn-Trace-Id, the end of the lines."""


class ForwardedHeaders:
    """How one listener rewrites a request's head.

    `port` and `protocol` are the definitions', not the loopback port's. `mode` is the load
    balancer's xff_header_processing_mode: `append` adds the client's address to X-Forwarded-For,
    `preserve` leaves the header as it is, `remove` drops it. With a port other than the protocol's
    own, the load balancer appends it to Host, unless the host header is preserved.
    """

    def __init__(
        self,
        protocol: bytes,
        port: bytes,
        mode: str = "append",
        *,
        append_port: bool = False,
        drop_invalid: bool = False,
    ) -> None:
        self._mode = mode
        self._port = port if append_port else b""
        self._drop_invalid = drop_invalid
        self._plain = not append_port and not drop_invalid
        self._constant = b"X-Forwarded-Proto: %b\r\nX-Forwarded-Port: %b\r\n" % (protocol, port)

    def head(self, request: Request) -> TargetHead:
        """The head, still without what differs among equal requests."""
        given = request.fields.get(b"x-amzn-trace-id")
        before, after = _trace(given) if given else (b"Root=", b"\r\n")
        lines = [b" HTTP/1.1\r\n"]
        if self._plain:
            lines += [line for lower, _, line in request.headers if lower not in _REPLACED]
        else:
            lines += self._careful(request.headers)
        mode = self._mode
        if mode != "remove":
            addresses = request.fields.get(b"x-forwarded-for")
            if mode == "append":
                client = request.client
                addresses = addresses + b", " + client if addresses else client
            if addresses is not None:
                lines += (b"X-Forwarded-For: ", addresses, b"\r\n")
        lines += (self._constant, b"X-Amzn-Trace-Id: ", before)
        return request.method + b" ", b"".join(lines), after, framing(request), before

    def _careful(self, headers: Headers) -> list[bytes]:
        lines = []
        for lower, value, line in headers:
            if lower == b"host" and self._port and b":" not in value:
                lines.append(b"Host: %b:%b\r\n" % (value, self._port))
            elif lower not in _REPLACED and (not self._drop_invalid or _valid_name(lower)):
                lines.append(line)
        return lines


def framing(request: Request) -> bytes:
    """The head's last lines: how the body is delimited, and the empty line."""
    if request.length is not None:
        return b"Content-Length: %d\r\n\r\n" % request.length
    if request.chunked:
        return b"Transfer-Encoding: chunked\r\n\r\n"
    if request.websocket:
        return b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    return _NO_BODY


_TOKEN = secrets.token_hex(6).encode()
_NUMBERS = count(secrets.randbits(40))


def fresh_trace() -> bytes:
    """An id for X-Amzn-Trace-Id: a version, the time, and 96 bits."""
    return b"1-%08x-%b%012x" % (int(time.time()), _TOKEN, next(_NUMBERS))


def _trace(given: bytes) -> tuple[bytes, bytes]:
    """The parts of X-Amzn-Trace-Id before and after the fresh id.

    A request without the header gets a Root; one with a Root keeps it and gets a Self; other
    fields are kept.
    """
    fields = [field.strip() for field in given.split(b";") if field.strip()]
    kept = [field for field in fields if not field.startswith(b"Self=")]
    rooted = any(field.startswith(b"Root=") for field in kept)
    return b"Self=" if rooted else b"Root=", b";".join([b"", *kept]) + b"\r\n"


def _valid_name(name: bytes) -> bool:
    """`drop_invalid_header_fields`: names match `[-A-Za-z0-9]+`."""
    return name.replace(b"-", b"").isalnum()
