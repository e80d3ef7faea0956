"""Asks the backend over HTTP: short time-outs, few connections, one more try for a read."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from frontend import log
from frontend.api.error import BackendBusyError, BackendRefusedError, BackendUnavailableError
from frontend.api.outage import Outage

T = TypeVar("T")

# The Service Connect name resolves at once, so a connection that takes longer is lost. The backend
# gives up on its database after 5 s and says so: its word is worth waiting for. All together stay
# well below the 30 s that CloudFront waits for a page.
TURN_SECONDS = 5.0
TIMEOUT = httpx.Timeout(7.0, connect=1.0, pool=None)
# Reads are collapsed (see `kept`), so few requests at a time carry all traffic. Who may ask is
# decided here, because httpx's pool loses a connection for good if it hands it to a request that
# gives up waiting at that very moment. Idle connections are dropped before the backend's keep-alive
# time-out could end them under a request.
_AT_ONCE = 16
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=30.0)
_TRY_AGAIN = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A value with the ETag that a later change names in If-Match."""

    value: T
    etag: str


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf the backend is asked: a signed-in administrator's token and address."""

    token: str = ""
    forwarded_for: str = ""


NOBODY = Caller()


class BackendClient:
    """One for the process; `close` it at the end. Raises BackendError's two kinds only."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/api/v1",
            timeout=TIMEOUT,
            limits=_LIMITS,
            transport=transport,
            trust_env=False,  # the backend is never behind a proxy of the environment's
            headers={"Accept": "application/json"},
        )
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._outage = Outage()

    async def close(self) -> None:
        await self._http.aclose()

    async def get(
        self,
        path: str,
        answer: type[T],
        *,
        query: Mapping[str, str | int] | None = None,
        caller: Caller = NOBODY,
    ) -> T:
        return (await self.get_versioned(path, answer, query=query, caller=caller)).value

    async def get_versioned(
        self,
        path: str,
        answer: type[T],
        *,
        query: Mapping[str, str | int] | None = None,
        caller: Caller = NOBODY,
    ) -> Versioned[T]:
        with self._outage.watch():
            response = await self._read_twice(path, params=query, caller=caller)
            return Versioned(_read(response, answer), response.headers.get("etag", ""))

    async def _read_twice(self, path: str, **rest: Any) -> httpx.Response:
        """A connection may be lost, or a task about to stop; a second one may do better.

        Not so after a wait, or when the backend says when to come back.
        """
        try:
            response = await self._send("GET", path, **rest)
        except httpx.ReadTimeout as error:
            raise _unreachable("GET", path, error) from error
        except httpx.TransportError:
            pass
        else:
            if response.status_code not in _TRY_AGAIN or "retry-after" in response.headers:
                return response
        try:
            return await self._send("GET", path, **rest)
        except httpx.TransportError as error:
            raise _unreachable("GET", path, error) from error

    async def change(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        caller: Caller = NOBODY,
        if_match: str = "",
    ) -> httpx.Response:
        """A request that changes something, sent once: a second could change it twice."""
        extra = {"If-Match": _printable(if_match)} if if_match else {}
        with self._outage.watch():
            try:
                response = await self._send(method, path, json=body, caller=caller, headers=extra)
            except httpx.TransportError as error:
                raise _unreachable(method, path, error) from error
            _check(response)
            return response

    async def create(
        self, path: str, body: Mapping[str, object], answer: type[T], *, caller: Caller = NOBODY
    ) -> T:
        return _read(await self.change("POST", path, body, caller=caller), answer)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        caller: Caller,
        headers: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if identifier := log.request_id.get():
            sent["X-Request-Id"] = identifier
        if caller.token:
            sent["Authorization"] = f"Bearer {caller.token}"
        if caller.forwarded_for:
            sent["X-Forwarded-For"] = _printable(caller.forwarded_for)
        async with self._turn():
            return await self._http.request(method, path, headers=sent, **rest)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Raises BackendBusyError if too many others ask for too long."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise BackendBusyError(f"no turn within {TURN_SECONDS} s") from None
        try:
            yield
        finally:
            self._turns.release()


def _read(response: httpx.Response, answer: type[T]) -> T:
    _check(response)
    adapter: TypeAdapter[T] = _adapter(answer)  # type: ignore[arg-type]  # a type is hashable
    try:
        return adapter.validate_json(response.content)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        raise BackendUnavailableError(
            f"{response.request.url.path} answered something else than expected: "
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        ) from None


@functools.cache
def _adapter(answer: Any) -> TypeAdapter[Any]:
    return TypeAdapter(answer)


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    where = f"{response.request.method} {response.request.url.path}"
    problem = _problem(response)
    kind = str(problem.get("type", "")).removeprefix("urn:problem:")
    if not response.is_client_error:
        unavailable = BackendBusyError if kind == "busy" else BackendUnavailableError
        raise unavailable(f"{where} answered {response.status_code}")
    raise BackendRefusedError(
        response.status_code,
        str(problem.get("detail") or response.reason_phrase),
        kind=kind,
        faults=_faults(problem),
        retry_after=response.headers.get("retry-after", ""),
    )


def _problem(response: httpx.Response) -> Mapping[str, Any]:
    """The members of a problem document (RFC 9457); none if the answer is something else."""
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _faults(problem: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong by the outermost member: the pointer `#/components/0/id` is `components`."""
    faults: dict[str, str] = {}
    for fault in problem.get("errors") or ():
        if isinstance(fault, dict):
            member = str(fault.get("pointer", "")).removeprefix("#/").split("/")[0]
            faults.setdefault(member, str(fault.get("detail", "")))
    return faults


def _unreachable(method: str, path: str, error: Exception) -> BackendUnavailableError:
    return BackendUnavailableError(f"{method} {path}: {type(error).__name__} {error}".strip())


def _printable(value: str) -> str:
    """What a visitor sent, as a header that can be sent on."""
    return "".join(c if " " <= c <= "~" else "?" for c in value).strip()
