"""Requests that need no llhttp, since each line of their head is plain.

Everything else is left to llhttp and the checks of `head`: bodies, connection options, repeated
headers, a missing or malformed Host, any byte that is not plain, anything beyond a limit. Nothing
is refused here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bonkei.services.edge.http.head import CONSOLE_COOKIE, valid_host
from bonkei.services.edge.http.message import Headers, Request
from bonkei.services.edge.settings import Limits

_UNFIT = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers about the connection or the body: a request with one is always parsed."""

REQUEST_LINE = re.compile(rb"(GET|HEAD) ((/[!-\"$->@-~]*)(?:\?([!-\"$-~]*)|)) HTTP/1\.1\r\n")
"""A request line that needs no further check."""

_PLAIN_BYTES = bytes(range(0x20, 0x7F)) + b"\t"
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_EMPTY_LINE = b"\r\n\r\n"
_LONGEST = 4096  # bytes; with two such heads in a row the others still have their turn


def plain_request(data: bytes, client: bytes, limits: Limits) -> Request | None:
    """The request without a body that is exactly `data`, within these limits; None if it is not
    plain."""
    line = REQUEST_LINE.match(data)
    if line is None or CONSOLE_COOKIE in data:
        return None
    method, target, path, query = line.groups(b"")
    size = len(data) - 2 - line.end()
    if size > min(_LONGEST, limits.head, limits.header):
        return None
    if len(target) > limits.request_line or data.find(_EMPTY_LINE) != len(data) - 4:
        return None
    headers = _headers(data[line.end() : -4])
    if headers is None or len(headers) > limits.header_count:
        return None
    fields = {name: value for name, value, _ in headers}
    host = fields.get(b"host")
    if host is None or len(fields) != len(headers) or not _UNFIT.isdisjoint(fields):
        return None
    if not valid_host(host):
        return None
    request = Request(method, target, path, query, b"1.1", headers, fields, client)
    request.size = size + len(target)
    return request


def _headers(lines: bytes) -> Headers | None:
    """The headers of lines; None if one of them is not plain. A line is plain if llhttp would read
    it in the same way: a name, a colon, a space, and visible ASCII with spaces and tabs within."""
    each = lines.split(b"\r\n")
    if len(lines.translate(None, _PLAIN_BYTES)) != 2 * len(each) - 2:
        return None
    headers: Headers = []
    for line in each:
        name, _, value = line.partition(b": ")
        lower = _lower(name)
        if not lower or not value or value != value.strip():
            return None
        headers.append((lower, value, line + b"\r\n"))  # it is written as it came
    return headers


@lru_cache(maxsize=256)
def _lower(name: bytes) -> bytes:
    """A header's name in lower case; empty if it is not plain."""
    return name.lower() if _NAME.fullmatch(name) is not None else b""
