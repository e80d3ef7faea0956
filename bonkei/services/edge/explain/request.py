"""Reads a request's bytes like a listener."""

from __future__ import annotations

from bonkei.services.edge.http.head import RefusedError
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.request_parser import RequestParser
from bonkei.services.edge.settings import Limits


class _Read:
    """Keeps the first request."""

    request: Request | None = None

    def head_begun(self) -> None: ...

    def head_complete(self, request: Request, *, keep_alive: bool) -> None:  # noqa: ARG002
        self.request = request

    def body_received(self, data: bytes) -> None: ...
    def request_complete(self) -> None: ...


def read(data: bytes, client: bytes, limits: Limits) -> Request | int:
    """The request, or the status of its refusal; 408 for a head without an end."""
    events = _Read()
    try:
        RequestParser(events, limits, client).feed(data, 0)
    except RefusedError as refused:
        return refused.status
    return events.request or 408
