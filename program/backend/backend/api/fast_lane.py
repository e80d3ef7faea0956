"""The fast lane sends a ready document without a query, a route or a rendering.

A public reader gets bytes made for the current revision of the database, confirmed at most
`FRESH_SECONDS` ago (`Documents.ready`). Every other request goes through the whole application. So
does a request with one of these:

- `Authorization`: administrators must see their own changes, in every process;
- `Cache-Control` or `Pragma`: RFC 9111 lets a client ask for a confirmed answer;
- a body, or a server that drains and has to say `Connection: close`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.documents import CACHE_CONTROL, Document, Documents, is_named
from backend.api.requests import (
    SECURITY_HEADERS,
    RawHeaders,
    log_access,
    raw_headers,
    request_id_of,
)

_LONG_WAY = frozenset(
    {b"authorization", b"cache-control", b"pragma", b"content-length", b"transfer-encoding"}
)
_METHODS = frozenset({"GET", "HEAD"})
_UNCHANGED = (
    (b"cache-control", CACHE_CONTROL.encode()),
    *((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()),
)
_WHOLE = (*_UNCHANGED, (b"content-type", b"application/json"))


class FastLane:
    """The outermost ASGI application. `prefix` and a document's name make its path."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        documents: Documents,
        prefix: str,
        is_draining: Callable[[], bool],
    ) -> None:
        self._app = app
        self._documents = documents
        self._prefix = prefix
        self._is_draining = is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in _METHODS and not self._is_draining():
            document = self._documents.ready(self._name(scope))
            # Encoded paths go to the router: `v1%2Fstatus` is not `v1/status`.
            if document is not None and b"%" not in scope.get("raw_path", b""):
                headers = raw_headers(scope)
                if _LONG_WAY.isdisjoint(headers):
                    await _answer(scope, headers, document, send)
                    return
        await self._app(scope, receive, send)

    def _name(self, scope: Scope) -> str:
        name: str = scope["path"].removeprefix(self._prefix)
        query: bytes = scope["query_string"]
        return f"{name}?{query.decode('latin-1')}" if query else name


async def _answer(scope: Scope, headers: RawHeaders, document: Document, send: Send) -> None:
    started = time.perf_counter()
    request_id = request_id_of(headers)
    condition = headers.get(b"if-none-match")
    same = condition is not None and is_named(document, condition.decode("latin-1"))
    status, body = (304, b"") if same else (200, document.body)
    answered = [
        (b"x-request-id", request_id.encode()),
        *_head(document.etag, None if same else len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": answered})
    await send({"type": "http.response.body", "body": body})
    log_access(scope, headers, request_id, status, len(body), started)


@lru_cache(maxsize=64)
def _head(etag: str, length: int | None) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of a document, or without `length` of its 304. They are the same for all
    clients."""
    tag = (b"etag", etag.encode())
    if length is None:
        return (tag, *_UNCHANGED)
    return (tag, *_WHOLE, (b"content-length", str(length).encode()))
