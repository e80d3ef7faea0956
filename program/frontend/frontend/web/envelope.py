"""The outermost layer: request ids, access records, security headers, unexpected errors."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontend import log
from frontend.web.headers import SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY, is_https

_access = logging.getLogger(log.ACCESS)
_error = logging.getLogger("frontend.error")
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9_.=;-]{8,128}")
_TRACE_ID = re.compile(r"[A-Za-z0-9=;:,-]{8,256}")
_CONTROL = frozenset(map(chr, (*range(0x20), 0x7F)))


class Envelope:
    """Pure ASGI; `in_flight` and `served` count requests not yet answered and answered.

    `quiet_paths` are logged at DEBUG while they answer 200: health checks, every few seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        public_origin: str,
        is_draining: Callable[[], bool],
        quiet_paths: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._quiet_paths = quiet_paths
        self._public_origin = public_origin
        self._is_draining = is_draining
        self.in_flight = 0
        self.served = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        identifier = _request_id(headers)
        token = log.request_id.set(identifier)
        trace = log.trace_id.set(_trace_id(headers))
        extra = [*SECURITY_HEADERS, (b"x-request-id", identifier.encode())]
        if is_https(headers, self._public_origin):
            extra.append(STRICT_TRANSPORT_SECURITY)
        if self._is_draining():
            extra.append((b"connection", b"close"))
        started, status, size = time.perf_counter(), 0, 0

        async def send_more(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *extra]
            else:
                size += len(message.get("body", b""))
            await send(message)

        self.in_flight += 1
        try:
            await self._app({**scope, "path": _exact_path(scope)}, receive, send_more)
        except Exception:
            # Starlette has already answered with the 500 page and raises for the log's sake.
            _error.exception("Unexpected error at %s %s", scope["method"], scope["path"])
            if not status:
                raise
        finally:
            self.in_flight -= 1
            self.served += 1
            quiet = scope["path"] in self._quiet_paths and status == HTTPStatus.OK
            level = logging.DEBUG if quiet else logging.INFO
            if _access.isEnabledFor(level):
                _tell(level, scope, headers, status, size, time.perf_counter() - started)
            log.trace_id.reset(trace)
            log.request_id.reset(token)


def _exact_path(scope: Scope) -> str:
    """The path for the routes. With a control character or an encoded slash it stays encoded.

    Starlette's patterns end with `$`, which also matches before a line break; and `%2F` is data,
    not a separator (RFC 3986, 2.2). So no route matches such a path.
    """
    path: str = scope["path"]
    raw: bytes = scope["raw_path"]
    is_plain = _CONTROL.isdisjoint(path) and b"%2f" not in raw.lower()
    return path if is_plain else raw.decode("ascii", "backslashreplace")


def _request_id(headers: Headers) -> str:
    """The request's own id if it is harmless, else the ALB's trace id, else a new one."""
    for name in ("x-request-id", "x-amzn-trace-id"):
        if _ACCEPTABLE_ID.fullmatch(given := headers.get(name, "")):
            return given
    return uuid.uuid4().hex


def _trace_id(headers: Headers) -> str:
    """The load balancer's trace id, if it is one."""
    given = headers.get("x-amzn-trace-id", "")
    return given if _TRACE_ID.fullmatch(given) else ""


def _tell(
    level: int, scope: Scope, headers: Headers, status: int, size: int, seconds: float
) -> None:
    client = scope.get("client")
    fields = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        "bytes": size,
        "client": headers.get("x-forwarded-for") or (client[0] if client else ""),
        "trace_id": headers.get("x-amzn-trace-id"),
    }
    message = "%s %s %d"
    _access.log(level, message, scope["method"], scope["path"], status, extra={"fields": fields})
