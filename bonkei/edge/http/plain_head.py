"""Heads that need no llhttp, since each of their lines is plain.

Everything else is left to llhttp and the checks of `head`: bodies, connection options, repeated
headers, a missing or malformed Host, any byte that is not plain, anything beyond a limit. Nothing
is refused here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bonkei.edge.http.head import valid_host
from bonkei.edge.http.message import HOP_BY_HOP, Headers
from bonkei.edge.http.plain_lines import PlainLines
from bonkei.edge.http.response_head import ResponseHead
from bonkei.edge.settings import Limits

UNFIT = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers about the connection or the body: a request with one is always parsed."""

_EMPTY_LINE = b"\r\n\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9]) ([!-~][ -~]*)")
_OF_THE_MESSAGE = HOP_BY_HOP | {b"content-length"}
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

    def headers(self, lines: bytes) -> tuple[Headers, dict[bytes, bytes]] | None:
        """The headers of a request without a body, and their values by name. `lines`: all bytes
        behind the request line. None if they are not plain."""
        end = len(lines) - 4
        if end > self._longest or lines.find(_EMPTY_LINE) != end:
            return None
        headers = self._lines.read(lines[:end].split(b"\r\n"))
        if headers is None or len(headers) > self._most:
            return None
        fields = {name: value for name, value, _ in headers}
        host = fields.get(b"host")
        if host is None or len(fields) != len(headers) or not UNFIT.isdisjoint(fields):
            return None
        return (headers, fields) if valid_host(host) else None


def plain_response(head: bytes, lines: PlainLines) -> ResponseHead | None:
    """The head of a response with a Content-Length, over a connection that is kept. `head`: all of
    its bytes. None if it is not plain."""
    if len(head) > _LONGEST:
        return None
    rest = head[:-4].split(b"\r\n")
    status_line = _status(rest.pop(0))
    read = None if status_line is None else lines.read(rest)
    if status_line is None or read is None:
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
