"""Custom error responses: their statuses, and the fetch of their page from the origin.

"How CloudFront processes HTTP 4xx and 5xx status codes from your origin" (Amazon CloudFront
Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bonkei.blueprint.cloudfront import CustomErrorResponse
from bonkei.services.edge.cloudfront.freshness import Lifetime
from bonkei.services.edge.cloudfront.stored import Stored
from bonkei.services.edge.http.exchange import Flow
from bonkei.services.edge.http.message import Headers

CACHING_MINIMUM = 10.0
"""Default error caching minimum TTL, in seconds."""


class CustomErrors:
    """The custom error responses of one distribution, by status."""

    def __init__(self, responses: Iterable[CustomErrorResponse]) -> None:
        self._responses = {each.error_code: each for each in responses}
        self.any_page = any(map(self.replaces, self._responses))

    def __getitem__(self, status: int) -> CustomErrorResponse:
        return self._responses[status]

    def replaces(self, status: int) -> bool:
        """Whether a status has a custom page."""
        custom = self._responses.get(status)
        return custom is not None and custom.response_page_path is not None

    def minimum(self, status: int) -> float:
        """The error caching minimum TTL, in seconds."""
        custom = self._responses.get(status)
        return custom.error_caching_min_ttl if custom else CACHING_MINIMUM


class ErrorPage:
    """The sink that collects a custom error page, and the `Flow` of the waiting viewer."""

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
