"""Known response heads, by target: until Date changes, most heads are equal.

As with requests, a head is remembered under all of its bytes, after llhttp has parsed it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from bonkei.services.edge.http.message import Header, Headers
from bonkei.services.edge.http.seen import Seen

_HEADS = 64
_BYTES = 4096
_RENDERED = 8

_Pieces = tuple[bytes, tuple[tuple[int, bytes], ...]]


class Decorator(Protocol):
    """A layer that changes the headers of each response. `identity` is the header that named the
    request to the origin."""

    def decorate(self, status: int, headers: Headers, identity: Header) -> Headers: ...

    def lines(self, status: int, headers: Headers) -> bytes:
        """The lines of these headers, without the identity."""


class ResponseHead:
    """The head of a response with a Content-Length. It is shared: do not change it."""

    __slots__ = ("_rendered", "headers", "length", "reason", "status")

    comes_again = True  # whether it may be remembered under its bytes

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


class ResponseShape:
    """The heads of one target that differ in the values of some headers only. `head`: one of them;
    `varied`: these headers in it; `places`: where they are among all headers as they were read."""

    __slots__ = ("_places", "_rendered", "_varied", "head")

    def __init__(self, head: ResponseHead, varied: Headers, places: list[int]) -> None:
        self.head = head
        self._varied = varied
        self._places = [
            (place, _place_of(each, head.headers))
            for each, place in zip(varied, places, strict=True)
        ]
        self._rendered: dict[Decorator | None, _Pieces] = {}

    def another(self, read: Headers) -> ResponseHead:
        """The head with these headers."""
        head = self.head
        headers = head.headers.copy()
        for here, there in self._places:
            headers[there] = read[here]
        return ShapedHead(self, headers)

    def pieces(self, decorator: Decorator | None) -> _Pieces:
        """The head for a client: its beginning, and the rest behind each header that differs."""
        known = self._rendered.get(decorator)
        if known is None:
            if len(self._rendered) >= _RENDERED:
                self._rendered.clear()
            known = self._rendered[decorator] = self._split(decorator)
        return known

    def _split(self, decorator: Decorator | None) -> _Pieces:
        head, varied = self.head, self._varied
        shown = head.headers
        if decorator is not None:
            shown = decorator.decorate(head.status, shown, (b"", b"", b""))
        pieces = [_status_line(head.status, head.reason)]
        places = []
        for each in shown:
            if any(each is one for one in varied):
                places.append(_place_of(each, head.headers))
                pieces.append(b"")
            else:
                pieces[-1] += each[2]
        pieces[-1] += _content_length(head.length)
        return pieces[0], tuple(zip(places, pieces[1:], strict=True))


class ShapedHead(ResponseHead):
    """A head of a shape."""

    __slots__ = ("_shape",)

    comes_again = False

    def __init__(self, shape: ResponseShape, headers: Headers) -> None:
        head = shape.head
        self.status = head.status
        self.reason = head.reason
        self.headers = headers
        self.length = head.length
        self._shape = shape

    def lines(self, decorator: Decorator | None) -> bytes:
        lines, behind = self._shape.pieces(decorator)
        headers = self.headers
        for place, more in behind:
            lines += headers[place][2] + more
        return lines


def _place_of(header: Header, headers: Headers) -> int:
    return next(place for place, each in enumerate(headers) if each is header)


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
