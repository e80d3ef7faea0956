"""A custom error page on its way from the origin."""

from __future__ import annotations

from collections.abc import Callable

from bonkei.edge.cache import Stored
from bonkei.edge.exchange import Flow
from bonkei.edge.freshness import Lifetime
from bonkei.edge.message import Headers


class ErrorPage:
    """The sink that collects a custom error page, and the `Flow` of the viewer who waits for it."""

    def __init__(
        self, done: Callable[[Stored | None], None], limit: int, now: Callable[[], float]
    ) -> None:
        self.flow: Flow | None = None
        self._done = done
        self._limit = limit
        self._now = now
        self._head: tuple[int, bytes, Headers] = (0, b"", [])
        self._body: list[bytes] = []
        self._size = 0

    def head(self, status: int, reason: bytes, headers: Headers, length: int | None) -> None:  # noqa: ARG002
        self._head = (status, reason, headers)

    def body(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= self._limit:
            self._body.append(data)

    def flush(self) -> None: ...

    def end(self) -> None:
        status, reason, headers = self._head
        if status != 200 or self._size > self._limit:
            self._done(None)
            return
        body = b"".join(self._body)
        self._done(Stored(status, reason, headers, body, self._now(), Lifetime(0.0)))

    def abort(self) -> None:
        self._done(None)

    def switch(self, headers: Headers) -> None:  # noqa: ARG002
        return None

    def upload(self, data: bytes) -> None: ...
    def uploaded(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...

    def cancel(self) -> None:
        if self.flow is not None:
            self.flow.cancel()
