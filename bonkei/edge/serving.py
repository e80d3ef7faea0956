"""A stored response, shown to a viewer: 304 where the viewer has it, a part of it, or the whole."""

from __future__ import annotations

from bonkei.edge.cache import Stored
from bonkei.edge.conditional import byte_range, not_modified
from bonkei.edge.exchange import Exchange
from bonkei.edge.message import Headers, Request, header, reason

_OF_THE_BODY = frozenset({b"content-type", b"content-encoding", b"content-range"})


def show(request: Request, exchange: Exchange, stored: Stored, headers: Headers) -> None:
    """Answer with what is stored, under the headers that are meant for the viewer."""
    body = stored.body
    part: tuple[int, int] | bool = True
    if stored.status == 200 and not stored.error:
        etag, modified = stored.etag, stored.last_modified
        if not_modified(request, etag, modified):
            _bodiless(exchange, 304, headers, None)
            return
        part = byte_range(request, len(body), etag, modified)
    if part is False:
        unsatisfied = header(b"Content-Range", b"bytes */%d" % len(body))
        _bodiless(exchange, 416, [*headers, unsatisfied], 0)
        return
    status, phrase = stored.status, stored.reason
    if isinstance(part, tuple):
        first, last = part
        value = b"bytes %d-%d/%d" % (first, last, len(body))
        headers = [*headers, header(b"Content-Range", value)]
        status, phrase, body = 206, reason(206), body[first : last + 1]
    exchange.head(status, phrase, headers, len(body))
    if body and request.method != b"HEAD":
        exchange.body(body)
    exchange.end()


def _bodiless(exchange: Exchange, status: int, headers: Headers, length: int | None) -> None:
    kept = [each for each in headers if each[0] not in _OF_THE_BODY or status == 416]
    exchange.head(status, reason(status), kept, length)
    exchange.end()
