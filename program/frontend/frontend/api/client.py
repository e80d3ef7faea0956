"""The backend's HTTP client: short time-outs, few connections, one retry for a read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from frontend import log
from frontend.api.error import BackendBusyError, BackendRefusedError, BackendUnavailableError
from frontend.api.outage import Outage
from frontend.api.transport import (
    Answer,
    NoAnswerInTimeError,
    Request,
    Transport,
    TransportError,
)

T = TypeVar("T")

# Reads are collapsed (see `kept`), so few requests at a time carry all traffic. The time-outs for a
# free connection and for an answer are apart: only the second says anything about the backend. Both
# together stay well below the 30 s that CloudFront waits for a page.
_AT_ONCE = 16
TURN_SECONDS = 5.0
_API = "/api/v1"
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


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer and its request."""

    request: Request
    answer: Answer


class BackendClient:
    """One for the process; `close` it at the end. Raises only the two kinds of BackendError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._outage = Outage()

    async def close(self) -> None:
        await self._transport.close()

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
        if query:
            path = f"{path}?{urlencode(query)}"
        with self._outage.watch():
            reply = await self._read_twice(path, caller)
            return Versioned(_read(reply, answer), reply.answer.headers.get("etag", ""))

    async def get_public(
        self,
        path: str,
        answer: type[T],
        *,
        query: Mapping[str, str | int] | None = None,
        may_be_gone: bool = False,
    ) -> T:
        """A value for everybody. A backend that refuses it is out of order, except for a 404 of a
        thing that `may_be_gone`."""
        if query:
            path = f"{path}?{urlencode(query)}"
        with self._outage.watch():
            try:
                return _read(await self._read_twice(path, NOBODY), answer)
            except BackendRefusedError as error:
                if may_be_gone and error.status == HTTPStatus.NOT_FOUND:
                    raise
                raise BackendUnavailableError(f"GET {path} was refused: {error}") from error

    async def _read_twice(self, path: str, caller: Caller) -> _Reply:
        """Read, and retry once: the connection may be lost, or its task about to stop.

        There is no retry after a time-out, or if the backend sends Retry-After.
        """
        try:
            reply = await self._send("GET", path, caller=caller)
        except NoAnswerInTimeError as error:
            raise _unreachable("GET", path, error) from error
        except TransportError:
            pass
        else:
            answer = reply.answer
            if answer.status not in _TRY_AGAIN or "retry-after" in answer.headers:
                return reply
        try:
            return await self._send("GET", path, caller=caller)
        except TransportError as error:
            raise _unreachable("GET", path, error) from error

    async def change(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        caller: Caller = NOBODY,
        if_match: str = "",
        key: str = "",
    ) -> None:
        """Send a changing request once: a second one could change the state twice.

        With a `key` the caller may send it again: the backend repeats its first answer.
        """
        await self._change(method, path, body, caller=caller, if_match=if_match, key=key)

    async def create(
        self,
        path: str,
        body: Mapping[str, object],
        answer: type[T],
        *,
        caller: Caller = NOBODY,
        key: str = "",
        device: str = "",
    ) -> T:
        reply = await self._change("POST", path, body, caller=caller, key=key, device=device)
        return _read(reply, answer)

    async def _change(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        *,
        caller: Caller,
        **conditions: str,
    ) -> _Reply:
        with self._outage.watch():
            try:
                reply = await self._send(method, path, body, caller=caller, **conditions)
            except TransportError as error:
                raise _unreachable(method, path, error) from error
            _check(reply)
            return reply

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        caller: Caller,
        if_match: str = "",
        key: str = "",
        device: str = "",
    ) -> _Reply:
        sent: dict[str, str] = {}
        if identifier := log.request_id.get():
            sent["X-Request-Id"] = identifier
        if trace := log.trace_id.get():
            sent["X-Amzn-Trace-Id"] = trace  # so that one trace leads through both services
        if caller.token:
            sent["Authorization"] = f"Bearer {caller.token}"
        if caller.forwarded_for:
            sent["X-Forwarded-For"] = _printable(caller.forwarded_for)
        if if_match:
            sent["If-Match"] = _printable(if_match)
        if key:
            sent["Idempotency-Key"] = _printable(key)
        if device:
            sent["X-Device"] = _printable(device)
        document = None if body is None else _document(body)
        async with self._turn():
            request = Request(method, f"{_API}{path}", sent, document)
            return _Reply(request, await self._transport.send(request))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a free connection. Raises BackendBusyError if none becomes free in time."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise BackendBusyError(f"no turn within {TURN_SECONDS} s") from None
        try:
            yield
        finally:
            self._turns.release()


def _document(body: Mapping[str, object]) -> bytes:
    """In UTF-8: an escape takes up to three times as much, and the backend limits a body's size.
    Half of a surrogate pair is not text."""
    return json.dumps(body, ensure_ascii=False).encode(errors="replace")


def _read(reply: _Reply, answer: type[T]) -> T:
    _check(reply)
    try:
        return msgspec.json.decode(reply.answer.body, type=answer)
    except msgspec.DecodeError as error:
        raise BackendUnavailableError(
            f"{reply.request.path} gave an unexpected answer: {error}"
        ) from None


def _check(reply: _Reply) -> None:
    status, headers = reply.answer.status, reply.answer.headers
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    problem = _problem(reply.answer)
    kind = str(problem.get("type", "")).removeprefix("urn:problem:")
    if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        unavailable = BackendBusyError if kind == "busy" else BackendUnavailableError
        raise unavailable(f"{reply.request.method} {reply.request.path} answered {status}")
    raise BackendRefusedError(
        status,
        str(problem.get("detail") or ""),
        kind=kind,
        faults=_faults(problem),
        retry_after=headers.get("retry-after", ""),
    )


def _problem(answer: Answer) -> Mapping[str, Any]:
    """The members of a problem document (RFC 9457); none for any other answer."""
    try:
        problem = json.loads(answer.body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _faults(problem: Mapping[str, Any]) -> dict[str, str]:
    """Faults by outermost member: the pointer `#/components/0/id` counts as `components`."""
    faults: dict[str, str] = {}
    for fault in problem.get("errors") or ():
        if isinstance(fault, dict):
            member = str(fault.get("pointer", "")).removeprefix("#/").split("/")[0]
            faults.setdefault(member, str(fault.get("detail", "")))
    return faults


def _unreachable(method: str, path: str, error: Exception) -> BackendUnavailableError:
    return BackendUnavailableError(f"{method} {path}: {type(error).__name__} {error}".strip())


def _printable(value: str) -> str:
    """A visitor's value as a valid header."""
    return "".join(c if " " <= c <= "~" else "?" for c in value).strip()
