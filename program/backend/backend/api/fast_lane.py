"""The short way: a document that is ready is sent without a query, a route or a rendering.

A reader of the public page gets bytes that were made for the current revision of the database, as
it was confirmed at most `FRESH_SECONDS` ago (`Documents.ready`). Every other request takes the long
way through the application, and so does one that asks for more:

- `Authorization`: administrators read what they have just written, whichever process they meet;
- `Cache-Control` or `Pragma`: RFC 9111 lets a client ask for an answer that was confirmed;
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
    """An ASGI application around all others; `prefix` is what the documents' names lack."""

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
            # What was encoded is the router's to look at: `v1%2Fstatus` is no `v1/status`.
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
    """The headers of a document, or without a length of its 304: the same for all who ask."""
    tag = (b"etag", etag.encode())
    if length is None:
        return (tag, *_UNCHANGED)
    return (tag, *_WHOLE, (b"content-length", str(length).encode()))
