"""A request from CloudFront to an origin, and the handling of its response.

A fetch is the sink of the origin's response. It passes the response to the viewer, stores it in the
cache, compresses it, or replaces it by a custom error page or a stored response. Viewers that asked
for the same object in the meantime get it too ("Simultaneous requests for the same object", Request
and response behavior for custom origins).
"""

from __future__ import annotations

import time
from typing import Protocol

from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.cloudfront.cache import Cache
from bonkei.services.edge.cloudfront.capture import Capture
from bonkei.services.edge.cloudfront.compression import (
    compress_soon,
    compressed_headers,
    compressible,
)
from bonkei.services.edge.cloudfront.error_page import CustomErrors
from bonkei.services.edge.cloudfront.freshness import Lifetime, lifetime
from bonkei.services.edge.cloudfront.outcome import Mode, allowed_lifetime, reuse
from bonkei.services.edge.cloudfront.serving import serve, show_page
from bonkei.services.edge.cloudfront.stored import Key, Stored, to_store
from bonkei.services.edge.cloudfront.viewer_response import ERROR, HIT, MISS, REFRESH, request_id
from bonkei.services.edge.cloudfront.waiting import WaitingList
from bonkei.services.edge.http.exchange import Exchange, Flow
from bonkei.services.edge.http.message import Header, Headers, Request, Sink, Tunnel, bodiless
from bonkei.services.edge.http.page import cloudfront_page

_NO_CONNECTION = cloudfront_page(502, "CloudFront wasn't able to connect to the origin.")


class FetchOwner(Protocol):
    """What a fetch needs of its distribution."""

    @property
    def cache(self) -> Cache: ...
    @property
    def errors(self) -> CustomErrors: ...
    def now(self) -> float: ...
    def ask(
        self, behavior: CompiledBehavior, request: Request, exchange: Exchange | None, sink: Sink
    ) -> Flow | None: ...
    def replace(
        self, status: int, behavior: CompiledBehavior, request: Request, exchange: Exchange,
        key: Key | None, lifetime: Lifetime | None,
    ) -> None: ...  # fmt: skip


class Fetch:
    """One request to an origin. A `Sink` for its response and the viewer's `Flow`.

    `key` is None for a response that is not cached. A fetch without an exchange only refreshes the
    cache.
    """

    __slots__ = (
        "_behavior", "_captured", "_exchange", "_flow", "_handler", "_head", "_identity", "_key",
        "_length", "_lifetime", "_mode", "_paused", "_request", "_stale", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        handler: FetchOwner,
        behavior: CompiledBehavior,
        request: Request,
        exchange: Exchange | None,
        key: Key | None = None,
        stale: Stored | None = None,
    ) -> None:
        self._handler = handler
        self._behavior = behavior
        self._request = request  # from the viewer
        self._exchange = exchange
        self._key = key
        self._stale = stale
        self._flow: Flow | None = None
        self._mode = Mode.WAITING
        self._head: tuple[int, bytes, Headers] = (0, b"", [])
        self._lifetime: Lifetime | None = None
        self._length: int | None = None
        self._captured: Capture | None = None
        self._paused = False  # the viewer reads more slowly than the response comes
        self.waiting = WaitingList()  # viewers that ask for the same
        self._identity = request_id()

    def start(self) -> Flow | None:
        """Send the request to the origin; None when the viewer was answered at once."""
        behavior = self._behavior
        stale = self._stale
        validated = stale if stale is not None and not stale.error else None
        request = behavior.origin_request(self._request, validated)
        request.mark(self._identity)
        if self._exchange is not None:
            self._exchange.identity = self._identity
        self._flow = self._handler.ask(behavior, request, self._exchange, self)
        return None if self._mode is Mode.OVER else self

    # The sink.

    def head(self, status: int, reason: bytes, headers: Headers, length: int | None) -> None:
        handler = self._handler
        exchange = self._exchange
        if self._key is None and status < 400:
            self._mode = Mode.PASSING
            if exchange is not None:
                shown = self._behavior.viewer.headers(headers, MISS, self._identity)
                exchange.head(status, reason, shown, length)
            return
        self._head = (status, reason, headers)
        self._length = length
        if self._stale is not None and (mode := reuse(self._stale, status, handler.now())):
            self._mode = mode
            return
        if self._key is not None and self._request.method != b"HEAD":
            # The response to a HEAD cannot answer a GET.
            self._lifetime = allowed_lifetime(
                status, self._behavior.policy, headers, handler.errors
            )
        if status >= 400 and handler.errors.replaces(status):
            if exchange is not None:
                self._mode = Mode.REPLACING
                return
            self._lifetime = None  # without a viewer there is no error page to make
        keeps = self._lifetime is not None and not bodiless(self._request.method, status)
        if keeps and (length is None or length <= handler.cache.object_limit):
            self._captured = Capture(handler.cache.budget)
        accepted = self._behavior.key.encoding(self._request) if self._behavior.compress else b""
        if accepted and self._captured is not None and compressible(status, headers, length):
            self._mode = Mode.COLLECTING
            return
        self._mode = Mode.PASSING
        if self._captured is None:
            self._unkept()
        self._pass_head()

    def _pass_head(self) -> None:
        status, reason, headers = self._head
        exchange = self._exchange
        if exchange is not None:
            x_cache = ERROR if status >= 400 else MISS
            shown = self._behavior.viewer.headers(headers, x_cache, self._identity)
            exchange.head(status, reason, shown, self._length)

    def body(self, data: bytes) -> None:
        if self._captured is not None and not self._captured.add(data):
            self._give_up(self._captured)
        if self._mode is Mode.PASSING and self._exchange is not None:
            self._exchange.body(data)

    def _give_up(self, captured: Capture) -> None:
        """The body is too large to store: pass it on at the viewer's pace."""
        held = captured.take()
        self._captured = None
        if self._mode is Mode.COLLECTING:
            self._mode = Mode.PASSING
            self._pass_head()
            if held and self._exchange is not None:
                self._exchange.body(held)
        self._unkept()
        if self._paused:
            self.pause()

    def flush(self) -> None:
        if self._mode is Mode.PASSING and self._exchange is not None:
            self._exchange.flush()

    def end(self) -> None:
        mode, self._mode = self._mode, Mode.OVER
        if mode is Mode.PASSING:
            self._passed()
        elif mode is Mode.COLLECTING:
            self._collected()
        elif mode is Mode.REFRESHING and self._stale is not None:
            self._refreshed(self._stale)
        elif mode is Mode.STALE and self._stale is not None:
            self._failed(self._stale)
        elif mode is Mode.REPLACING:
            self._replaced()

    def abort(self) -> None:
        mode, self._mode = self._mode, Mode.OVER
        self._drop()
        self._release()
        exchange = self._exchange
        if mode is Mode.STALE and self._stale is not None:
            self._failed(self._stale)
        elif mode is Mode.REPLACING:
            self._replaced()
        elif exchange is not None:
            if exchange.status:
                exchange.abort()
            else:
                show_page(self._behavior, exchange, _NO_CONNECTION)

    def switch(self, headers: Headers) -> Tunnel | None:
        self._mode = Mode.PASSING
        if self._exchange is None:
            return None
        shown = self._behavior.viewer.headers(headers, MISS, self._identity)
        return self._exchange.switch(shown)

    # The response.

    def _passed(self) -> None:
        stored = None
        if self._captured is not None:
            stored = self._store(*self._head, self._captured.take())
        if self._exchange is not None:
            self._exchange.end()
        self._release(stored)

    def _collected(self) -> None:
        body = self._captured.take() if self._captured is not None else b""
        compress_soon(body, self._behavior.key.encoding(self._request), self._compressed)

    def _compressed(self, coding: bytes, body: bytes) -> None:
        status, reason, headers = self._head
        stored = self._store(status, reason, compressed_headers(headers, coding), body)
        self._serve(stored, ERROR if status >= 400 else MISS)

    def _refreshed(self, stored: Stored) -> None:
        handler = self._handler
        headers = self._head[2]
        stored.renew(headers, handler.now())
        fresh = lifetime(self._behavior.policy, stored.headers, time.time(), stored.age)
        stored.lifetime = fresh or Lifetime(0.0)
        handler.cache.refreshes += 1
        if self._key is not None:
            handler.cache.renewed(self._key, stored, keep=fresh is not None)
        self._serve(stored, REFRESH)

    def _failed(self, stored: Stored) -> None:
        now = self._handler.now()
        stored.retry_at = now + self._handler.errors.minimum(self._head[0])
        self._serve(stored, HIT)

    def _replaced(self) -> None:
        exchange = self._exchange
        if exchange is not None:
            self._handler.replace(
                self._head[0], self._behavior, self._request, exchange, self._key, self._lifetime
            )
        self._release()

    def _store(self, status: int, reason: bytes, headers: Headers, body: bytes) -> Stored:
        handler, kept = self._handler, self._lifetime
        stored = to_store(status, reason, headers, body, kept or Lifetime(0.0), handler.now())
        if self._key is not None and kept is not None:
            handler.cache.put(self._key, stored)
        return stored

    def _serve(self, stored: Stored, x_cache: Header) -> None:
        """Answer the viewer from a stored response, then the waiting viewers."""
        exchange = self._exchange
        if exchange is not None:
            now = self._handler.now()
            serve(self._behavior, self._request, exchange, stored, x_cache, now)
        self._release(stored)

    def _unkept(self) -> None:
        """The response is not stored: it is for the viewer only, or for none; then stop."""
        self._release()
        if self._exchange is None:
            self._mode = Mode.OVER
            if self._flow is not None:
                self._flow.cancel()

    def _release(self, stored: Stored | None = None) -> None:
        """Give the waiting viewers the response, or let each ask the origin."""
        self._forget()
        self.waiting.release(stored, self._handler.now())

    def _forget(self) -> None:
        fetches = self._handler.cache.fetches
        if self._key is not None and fetches.get(self._key) is self.waiting:
            del fetches[self._key]

    # The viewer.

    def upload(self, data: bytes) -> None:
        if self._flow is not None:
            self._flow.upload(data)

    def uploaded(self) -> None:
        if self._flow is not None:
            self._flow.uploaded()

    def cancel(self) -> None:
        """The viewer left. The fetch continues only if other viewers wait for it."""
        self._exchange = None
        if self.waiting:
            self.resume()
            return
        self._mode = Mode.OVER
        self._drop()
        self._forget()
        if self._flow is not None:
            self._flow.cancel()

    def _drop(self) -> None:
        if self._captured is not None:
            self._captured.drop()

    def pause(self) -> None:
        self._paused = True
        # A captured body is bounded, so the origin need not be slowed down.
        if self._captured is None and self._flow is not None:
            self._flow.pause()

    def resume(self) -> None:
        self._paused = False
        if self._flow is not None:
            self._flow.resume()
