"""How a request reaches the backend, and how its answer comes back.

TransportError
└── NoAnswerInTimeError
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

# The Service Connect name resolves at once, so a slow connection is a lost one. The backend reports
# a database that is unavailable after 5 s; waiting for that answer is worth it.
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 7.0
# Idle connections are dropped before the backend's keep-alive time-out could end them under a
# request.
_IDLE_SECONDS = 30.0


class TransportError(Exception):
    """The request got no answer. It may have taken effect all the same."""


class NoAnswerInTimeError(TransportError):
    """The backend was reached and took too long."""


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is relative to the backend's own URL, with its query; `body` is a JSON document."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Transport(Protocol):
    """One for the process; `close` it at the end."""

    async def send(self, request: Request) -> Answer:
        """Sends it once. Raises TransportError."""

    async def close(self) -> None: ...


class HttpTransport:
    """HTTP/1.1 over connections that are kept."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Answer:
        try:
            async with self._opened().request(
                request.method,
                self._url + request.path,
                headers=_headers(request),
                data=request.body,
                allow_redirects=False,
            ) as response:
                return Answer(
                    response.status,
                    {name.lower(): value for name, value in response.headers.items()},
                    await response.read(),
                )
        except TimeoutError as error:
            raise NoAnswerInTimeError(f"no answer within {ANSWER_SECONDS:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _lost(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """A session belongs to the loop that runs when it is made."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS),
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_once,),
            )
        return self._session


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Stop aiohttp from repeating idempotent requests: the caller decides about that."""
    try:
        return await handler(request)
    except (
        aiohttp.ClientOSError,
        aiohttp.ServerDisconnectedError,
        aiohttp.ConnectionTimeoutError,
    ) as error:
        raise _lost(error) from error


def _lost(error: Exception) -> TransportError:
    return TransportError(f"{type(error).__name__} {error}".strip())


def _headers(request: Request) -> dict[str, str]:
    """The headers to send. Compression gains nothing between neighbours."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", **request.headers}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return headers
