"""Responses that do not come straight from the origin: a stored response (as a 304, a part of it or
the whole), or a page of CloudFront's own."""

from __future__ import annotations

import time

from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.cloudfront.conditional import byte_range, not_modified
from bonkei.services.edge.cloudfront.stored import Stored
from bonkei.services.edge.cloudfront.viewer_response import ERROR, HIT, MISS, REFRESH, request_id
from bonkei.services.edge.http.exchange import Exchange
from bonkei.services.edge.http.message import (
    Body,
    Header,
    Headers,
    Request,
    Response,
    header,
    http_date,
    reason,
)

_SHARED = 16 * 1024
"""Up to this many bytes of a body, head and body go out in one write. Since this copies the body,
slow viewers share a larger body instead."""

_RESULTS = {each[1]: each[1].partition(b" ")[0].decode() for each in (HIT, MISS, REFRESH, ERROR)}
"""What an access record says, by the value of X-Cache."""

_OF_THE_BODY = frozenset({b"content-type", b"content-encoding", b"content-range"})


def serve(
    behavior: CompiledBehavior,
    request: Request,
    exchange: Exchange,
    stored: Stored,
    x_cache: Header,
    now: float,
) -> None:
    """Answer from the cache. `now` is a time of `since_boot`."""
    exchange.cache_result = _RESULTS[x_cache[1]]
    exchange.identity = identity = request_id()
    shown = behavior.viewer.headers(stored.headers, x_cache, identity)
    if x_cache is HIT:
        age = stored.age + max(0, int(now - stored.stored_at))
        shown.append(header(b"Age", b"%d" % age))
    _show(request, exchange, stored, shown)


def show_page(behavior: CompiledBehavior, exchange: Exchange, page: Response) -> None:
    """Answer with an error page of CloudFront's own."""
    headers = [header(name, value) for name, value in page.headers]
    headers.append(header(b"Date", http_date(time.time())))
    exchange.identity = identity = request_id()
    shown = behavior.viewer.headers(headers, ERROR, identity)
    exchange.cache_result = "Error"
    exchange.head(page.status, reason(page.status), shown, len(page.body))
    if page.body and exchange.request.method != b"HEAD":
        exchange.body(page.body)
    exchange.end()


def _show(request: Request, exchange: Exchange, stored: Stored, headers: Headers) -> None:
    body = stored.body
    status, part = shown_part(request, stored)
    if status == 304:
        _bodiless(exchange, 304, headers, None)
        return
    if status == 416:
        unsatisfied = header(b"Content-Range", b"bytes */%d" % len(body))
        _bodiless(exchange, 416, [*headers, unsatisfied], 0)
        return
    phrase = stored.reason
    shown: Body = body if len(body) <= _SHARED else memoryview(body)
    if part is not None:
        first, last = part
        value = b"bytes %d-%d/%d" % (first, last, len(body))
        headers = [*headers, header(b"Content-Range", value)]
        phrase, shown = reason(206), shown[first : last + 1]
    exchange.head(status, phrase, headers, len(shown))
    if body and request.method != b"HEAD":
        if len(shown) > _SHARED:
            exchange.flush()
        exchange.body(shown)
    exchange.end()


def shown_part(request: Request, stored: Stored) -> tuple[int, tuple[int, int] | None]:
    """The status for a stored response, and the first and last byte of a part."""
    if stored.status != 200 or stored.error:
        return stored.status, None
    etag, modified = stored.etag, stored.last_modified
    if not_modified(request, etag, modified):
        return 304, None
    part = byte_range(request, len(stored.body), etag, modified)
    if isinstance(part, tuple):
        return 206, part
    return (200 if part else 416), None


def _bodiless(exchange: Exchange, status: int, headers: Headers, length: int | None) -> None:
    kept = [each for each in headers if each[0] not in _OF_THE_BODY or status == 416]
    exchange.head(status, reason(status), kept, length)
    exchange.end()
