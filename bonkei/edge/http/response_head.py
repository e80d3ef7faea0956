"""Known response heads, by target: until Date changes, most heads are equal.

As with requests, a head is remembered under all of its bytes, after llhttp has parsed it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from bonkei.edge.http.message import Header, Headers
from bonkei.edge.http.plain_lines import PlainLines
from bonkei.edge.http.seen import Seen

_HEADS = 64
_BYTES = 4096
_RENDERED = 8


class Decorator(Protocol):
    """A layer that changes the headers of each response. `identity` is the header that named the
    request to the origin."""

    def decorate(self, status: int, headers: Headers, identity: Header) -> Headers: ...

    def lines(self, status: int, headers: Headers) -> bytes:
        """The lines of these headers, without the identity."""


class ResponseHead:
    """The head of a response with a Content-Length. It is shared: do not change it."""

    __slots__ = ("_rendered", "headers", "length", "reason", "status")

    def __init__(self, status: int, reason: bytes, headers: Headers, length: int) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.length = length
        self._rendered: dict[Decorator | None, bytes] | None = None  # where it is kept

    def lines(self, decorator: Decorator | None) -> bytes:
        """The head for a client, without the decorator's identity and Connection."""
        rendered = self._rendered
        if rendered is None:
            return self._render(decorator)
        known = rendered.get(decorator)
        if known is None:
            if len(rendered) >= _RENDERED:
                rendered.clear()
            known = rendered[decorator] = self._render(decorator)
        return known

    def keep(self) -> None:
        """It will come again: remember its lines, too."""
        self._rendered = {}

    def _render(self, decorator: Decorator | None) -> bytes:
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


class KnownHeads:
    """The heads of one target, by their bytes: a bounded number of a bounded size."""

    def __init__(self) -> None:
        self._heads: dict[bytes, ResponseHead] = {}
        self._seen = Seen()
        self.lines = PlainLines()
        self.get = self._heads.get

    def remember(self, key: bytes, head: ResponseHead) -> None:
        """Keep the head that was parsed from the bytes of `key`, from its second time on."""
        if not 4 <= len(key) <= _BYTES or key[:5] != b"HTTP/":
            return
        if not self._seen.again(key):
            return
        if len(self._heads) >= _HEADS:
            self._heads.clear()  # most have an old Date
        self._heads[key] = head
        head.keep()
