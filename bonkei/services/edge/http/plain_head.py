"""Heads that need no llhttp, since each of their lines is plain.

Everything else is left to llhttp and the checks of `head`: bodies, connection options, repeated
headers, a missing or malformed Host, any byte that is not plain, anything beyond a limit. Nothing
is refused here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bonkei.services.edge.http.head import valid_host
from bonkei.services.edge.http.message import HOP_BY_HOP, HeaderBlock, Headers
from bonkei.services.edge.http.plain_lines import PlainLines
from bonkei.services.edge.http.response_head import ResponseHead, ResponseShape
from bonkei.services.edge.http.seen import Seen
from bonkei.services.edge.settings import Limits

UNFIT = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers about the connection or the body: a request with one is always parsed."""

_NEVER_VARIED = frozenset({b"host", b"user-agent"})
_SHAPES = 64

Read = tuple[Headers, dict[bytes, bytes], HeaderBlock | None]
"""A request's headers, their values by name, and the shape of its headers if it is known."""

_EMPTY_LINE = b"\r\n\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9]) ([!-~][ -~]*)")
_OF_THE_MESSAGE = HOP_BY_HOP | {b"content-length"}
_READ = _OF_THE_MESSAGE | {b"vary"}
"""Headers of a response whose values have an effect on the rest of the head."""

_LENGTH = re.compile(rb"[0-9]{1,12}")
_BODILESS = frozenset({204, 205, 304})
_KEPT = frozenset({b"keep-alive", b"Keep-Alive"})
_LONGEST = 4096  # bytes; with two such heads in a row the others still have their turn


class PlainRequests:
    """Reads the headers of requests within these limits."""

    def __init__(self, limits: Limits) -> None:
        # The limits count a space behind each colon, so a head may count up to twice its bytes.
        self._longest = min(_LONGEST, limits.head // 2, limits.header // 2)
        self._most = limits.header_count
        self._lines = PlainLines()
        self._shapes: dict[tuple[bytes, ...], HeaderBlock] = {}
        self._seen = Seen()

    def read(self, lines: bytes, method: bytes, client: bytes) -> Read | None:
        """The headers of a request without a body. `lines`: all bytes behind the request line. None
        if they are not plain."""
        end = len(lines) - 4
        if end > self._longest or lines.find(_EMPTY_LINE) != end:
            return None
        each, new = lines[:end].split(b"\r\n"), list[int]()
        headers = self._lines.read(each, new)
        if headers is None:
            return None
        for place in new:
            each[place] = headers[place][0]
        key = (method, client, *each)
        shape = self._shapes.get(key)
        if shape is None:
            fields = self._checked(headers)
            if fields is None:
                return None
            if new and self._seen.again(key):
                self._keep(key, HeaderBlock(headers, fields, varied=tuple(new)))
            return headers, fields, None
        fields = shape.fields.copy()  # names and Host are as they were when they were checked
        for place in new:
            name, value, _ = headers[place]
            fields[name] = value
        return headers, fields, shape

    def _keep(self, key: tuple[bytes, ...], shape: HeaderBlock) -> None:
        """Keep a shape, if requests of it can share what is prepared and have one kind."""
        if any(shape.headers[place][0] in _NEVER_VARIED for place in shape.varied):
            return
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        self._shapes[key] = shape

    def _checked(self, headers: Headers) -> dict[bytes, bytes] | None:
        """Their values by name; None if the headers are not plain together."""
        if len(headers) > self._most:
            return None
        fields = {name: value for name, value, _ in headers}
        host = fields.get(b"host")
        if host is None or len(fields) != len(headers) or not UNFIT.isdisjoint(fields):
            return None
        return fields if valid_host(host) else None


class PlainResponses:
    """Reads the heads of one target's responses."""

    def __init__(self) -> None:
        self._lines = PlainLines()
        self._shapes: dict[tuple[bytes, ...], ResponseShape] = {}
        self._seen = Seen()

    def read(self, head: bytes) -> ResponseHead | None:
        """The head of a response with a Content-Length, over a connection that is kept. `head`: all
        of its bytes before the empty line. None if it is not plain."""
        if len(head) > _LONGEST:
            return None
        first, *rest = head.split(b"\r\n")
        new: list[int] = []
        read = self._lines.read(rest, new)
        if read is None:
            return None
        if not new:
            return _plain_response(first, read)
        for place in new:
            rest[place] = read[place][0]
        key = (first, *rest)
        shape = self._shapes.get(key)
        if shape is not None:
            return shape.another(read)
        found = _plain_response(first, read)
        if found is not None and self._seen.again(key):
            self._keep(key, found, [read[place] for place in new], new)
        return found

    def _keep(
        self, key: tuple[bytes, ...], head: ResponseHead, varied: Headers, places: list[int]
    ) -> None:
        if any(name in _READ for name, _, _ in varied):
            return
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        self._shapes[key] = ResponseShape(head, varied, places)


def _plain_response(first: bytes, read: Headers) -> ResponseHead | None:
    status_line = _status(first)
    if status_line is None:
        return None
    status, reason = status_line
    length = -1
    headers: Headers = []
    for each in read:
        name = each[0]
        if name not in _OF_THE_MESSAGE:
            headers.append(each)
        elif name == b"content-length":
            if length >= 0 or (length := _length(each[1])) < 0:
                return None
        elif name != b"connection" or each[1] not in _KEPT:
            return None
    if length < 0 or status in _BODILESS:
        return None
    return ResponseHead(status, reason, headers, length)


@lru_cache(maxsize=64)
def _status(line: bytes) -> tuple[int, bytes] | None:
    """Status and reason of a plain status line."""
    match = _STATUS_LINE.fullmatch(line)
    return (int(match[1]), match[2]) if match is not None else None


@lru_cache(maxsize=256)
def _length(value: bytes) -> int:
    """The value of Content-Length; -1 if it is not plain."""
    return int(value) if _LENGTH.fullmatch(value) is not None else -1
