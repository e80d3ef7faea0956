"""Handling of every request: an id, a limit on its body, an access record, unexpected errors.

An ASGI middleware: it sees the request before, and the response after, everything else.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import logs
from backend.api.problems import problem

BODY_BYTES = 64 * 1024  # the longest text is 5000 characters, in two languages
CLIENT_LEFT = 499  # in the access record only: nginx's code for a client that left

RawHeaders = Mapping[bytes, bytes]

_CONTROL = frozenset(map(chr, (*range(0x20), 0x7F)))
_ID = re.compile(rb"[A-Za-z0-9._=:;/+-]{1,128}")
# A response carries nothing that a browser should run or show inside of another page.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

logger = logging.getLogger(__name__)
_access = logging.getLogger(logs.ACCESS)


class _BodyTooLargeError(HTTPException):
    """An HTTPException, because FastAPI turns any other exception during reading into a 400.

    The connection stays open, and the server drops the rest of the body. If it were closed, a
    client that is still sending would see a reset instead of the answer.
    """

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have at most {BODY_BYTES} bytes"
        )


class RequestMiddleware:
    """`quiet_paths` are logged at DEBUG while they answer 200: health checks, every few seconds."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        quiet_paths: frozenset[str] = frozenset(),
        is_draining: Callable[[], bool] = lambda: False,
    ) -> None:
        self._app = app
        self._quiet_paths = quiet_paths
        self._is_draining = is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, draining=self._is_draining())
        token = logs.request_id.set(exchange.id)
        spent = logs.database_seconds.set(exchange.database_seconds)
        try:
            await exchange.run(self._app)
        finally:
            quiet = scope["path"] in self._quiet_paths and exchange.status == HTTPStatus.OK
            exchange.log(logging.DEBUG if quiet else logging.INFO)
            logs.database_seconds.reset(spent)
            logs.request_id.reset(token)


class _Exchange:
    """One request and its response."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, draining: bool) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._draining = draining
        self._headers = raw_headers(scope)
        self._started = time.perf_counter()
        self._received = 0
        self._sent = 0
        self._left = False
        self.id = request_id_of(self._headers)
        self.status: int | None = None
        self.database_seconds: list[float] = []

    async def run(self, app: ASGIApp) -> None:
        try:
            self._check_length(self._headers.get(b"content-length", b""))
            await app(self._inner_scope(), self.receive, self.send)
        except _BodyTooLargeError as error:
            await self._answer(problem(error.status_code, error.detail))
        except Exception as error:
            if self.status is not None:
                raise  # too late for another answer; the server cuts the connection and logs it
            logger.exception("uncaught %s", type(error).__name__)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            await self._answer(problem(status, "an internal error; it is logged"))

    def _check_length(self, given: bytes) -> None:
        if given.isdigit() and (len(given) > 9 or int(given) > BODY_BYTES):
            raise _BodyTooLargeError

    def _inner_scope(self) -> Scope:
        """HEAD is answered as GET is (RFC 9110, 9.3.2); the server leaves the body out."""
        method = "GET" if self._scope["method"] == "HEAD" else self._scope["method"]
        return {**self._scope, "method": method, "path": _exact_path(self._scope)}

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > BODY_BYTES:
                raise _BodyTooLargeError
        elif self.status is None:
            self._left = True  # the client has gone: no answer reaches it
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if self._draining:
                headers["Connection"] = "close"
        elif message["type"] == "http.response.body":
            self._sent += len(message.get("body", b""))
        await self._send(message)

    async def _answer(self, response: Response) -> None:
        await response(self._scope, self._receive, self.send)

    def log(self, level: int) -> None:
        """Write the access record."""
        method, path, client = self._scope["method"], self._scope["path"], self._scope.get("client")
        status = CLIENT_LEFT if self._left else self.status
        fields = {
            "method": method,
            "path": path,
            "query": _query(self._scope["query_string"]),
            "status": status,
            "duration_ms": round((time.perf_counter() - self._started) * 1000, 3),
            "bytes": self._sent,
            "client": client[0] if client else None,
            "forwarded_for": _text(self._headers.get(b"x-forwarded-for")),
            "user_agent": _text(self._headers.get(b"user-agent")),
            "trace_id": _text(self._headers.get(b"x-amzn-trace-id")),
        }
        if self.database_seconds:
            fields["database_ms"] = round(sum(self.database_seconds) * 1000, 3)
            fields["statements"] = len(self.database_seconds)
        _access.log(level, "%s %s %s", method, path, status, extra={"fields": fields})


def _exact_path(scope: Scope) -> str:
    """The path for the routes. With a control character or an encoded slash it stays encoded.

    Starlette's patterns end with `$`, which also matches before a line break; and `%2F` is data,
    not a separator (RFC 3986, 2.2). So no route matches such a path.
    """
    path: str = scope["path"]
    raw: bytes = scope["raw_path"]
    is_plain = _CONTROL.isdisjoint(path) and b"%2f" not in raw.lower()
    return path if is_plain else raw.decode("ascii", "backslashreplace")


_SECRET = re.compile(
    r"pass|token|secret|key|auth|session|csrf|cookie|credential|signature", re.IGNORECASE
)


def _query(query: bytes) -> str:
    """The query as it came, without values whose name says that they are secret. No one should
    put one here, and some do.
    """
    if not query:
        return ""
    return "&".join(map(_masked, query.decode("ascii", "backslashreplace").split("&")))


def _masked(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}=…" if equals and _SECRET.search(name) else parameter


def raw_headers(scope: Scope) -> RawHeaders:
    """The headers by name in lower case; the first value of a repeated one."""
    return dict(reversed(scope["headers"]))


def request_id_of(headers: RawHeaders) -> str:
    """The caller's id, so that one id follows a request through all services; else a new one."""
    for name in (b"x-request-id", b"x-amzn-trace-id"):
        given = headers.get(name, b"")
        if _ID.fullmatch(given):
            return given.decode("ascii")
    return os.urandom(16).hex()


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
