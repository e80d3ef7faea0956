"""The head of a response in one piece."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from bonkei.services.edge.http.message import Header, Headers


class Decorator(Protocol):
    """A layer that changes the headers of each response. `identity` is the header that named the
    request to the origin."""

    def decorate(self, status: int, headers: Headers, identity: Header) -> Headers: ...

    def lines(self, status: int, headers: Headers) -> bytes:
        """The lines of these headers, without the identity."""


class ResponseHead:
    """The head of a response with a Content-Length. It is shared: do not change it."""

    __slots__ = ("_layer", "_lines", "headers", "length", "reason", "status")

    def __init__(self, status: int, reason: bytes, headers: Headers, length: int) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.length = length
        self._layer: Decorator | None = None
        self._lines = b""  # for this layer, once they were wanted

    def lines(self, decorator: Decorator | None) -> bytes:
        """The head for a client, without the decorator's identity and Connection."""
        if not self._lines or self._layer is not decorator:
            self._layer, self._lines = decorator, self._rendered(decorator)
        return self._lines

    def _rendered(self, decorator: Decorator | None) -> bytes:
        if decorator is not None:
            lines = decorator.lines(self.status, self.headers)
        else:
            lines = b"".join([line for _, _, line in self.headers])
        return b"".join(
            (_status_line(self.status, self.reason), lines, _content_length(self.length))
        )


@lru_cache(maxsize=64)
def _status_line(status: int, reason: bytes) -> bytes:
    return b"HTTP/1.1 %d %b\r\n" % (status, reason)


@lru_cache(maxsize=256)
def _content_length(length: int) -> bytes:
    return b"Content-Length: %d\r\n" % length
