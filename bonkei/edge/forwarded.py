"""The headers that a load balancer adds to and takes from what it passes on.

"HTTP headers and Application Load Balancers" and "Request tracing for your Application Load
Balancer" (User Guide for Application Load Balancers).
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from bonkei.edge.message import HOP_BY_HOP, Request

_REPLACED = HOP_BY_HOP | {
    b"content-length",
    b"expect",
    b"x-forwarded-for",
    b"x-forwarded-port",
    b"x-forwarded-proto",
    b"x-amzn-trace-id",
}


@dataclass(frozen=True, slots=True)
class ForwardedHeaders:
    """How one listener rewrites a request's head.

    `port` and `protocol` are those that AWS would see, not the loopback port.
    """

    protocol: bytes
    port: bytes
    mode: str = "append"  # append | preserve | remove
    default_port: bool = True
    preserve_host: bool = False
    drop_invalid: bool = False

    def head(self, request: Request, trace_id: bytes) -> bytes:
        """The bytes of the head for the target."""
        lines = [b"%b %b HTTP/1.1\r\n" % (request.method, request.target)]
        plain = self.default_port or self.preserve_host
        for lower, name, value in request.headers:
            if lower in _REPLACED:
                continue
            if lower == b"host" and not plain:
                lines.append(b"%b: %b\r\n" % (name, self._host(value)))
            elif not self.drop_invalid or _valid_name(lower):
                lines.append(b"%b: %b\r\n" % (name, value))
        forwarded_for = self._forwarded_for(request)
        if forwarded_for is not None:
            lines.append(b"X-Forwarded-For: %b\r\n" % forwarded_for)
        lines.append(
            b"X-Forwarded-Proto: %b\r\nX-Forwarded-Port: %b\r\nX-Amzn-Trace-Id: %b\r\n"
            % (self.protocol, self.port, trace_id)
        )
        lines.append(framing(request))
        return b"".join(lines)

    def _forwarded_for(self, request: Request) -> bytes | None:
        """`append` adds the client's address, `preserve` leaves the header, `remove` drops it."""
        given = request.fields.get(b"x-forwarded-for")
        if self.mode == "append":
            return given + b", " + request.client if given else request.client
        return given if self.mode == "preserve" else None

    def _host(self, value: bytes) -> bytes:
        """With a port other than the protocol's own, the load balancer appends it ("Host header
        preservation")."""
        return value if b":" in value else value + b":" + self.port


def framing(request: Request) -> bytes:
    """The head's last lines: how the body is delimited, and the empty line."""
    if request.websocket:
        return b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    if request.chunked:
        return b"Transfer-Encoding: chunked\r\n\r\n"
    if request.length is not None:
        return b"Content-Length: %d\r\n\r\n" % request.length
    return b"\r\n"


def trace_id(given: bytes | None) -> bytes:
    """The X-Amzn-Trace-Id for the target.

    A request without the header gets a Root; one with a Root keeps it and gets a Self; other
    fields are kept.
    """
    fresh = b"1-%08x-%024x" % (int(time.time()), random.getrandbits(96))
    if not given:
        return b"Root=" + fresh
    fields = [field.strip() for field in given.split(b";") if field.strip()]
    kept = [field for field in fields if not field.startswith(b"Self=")]
    if any(field.startswith(b"Root=") for field in kept):
        return b";".join([b"Self=" + fresh, *kept])
    return b";".join([b"Root=" + fresh, *kept])


def _valid_name(name: bytes) -> bool:
    """`drop_invalid_header_fields`: names match `[-A-Za-z0-9]+`."""
    return name.replace(b"-", b"").isalnum()
