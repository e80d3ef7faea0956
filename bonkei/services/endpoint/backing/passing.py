"""Passes a call to MiniStack, and its answer back, without holding an object in memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Protocol, TypeVar

from aiohttp import web
from multidict import CIMultiDict

from bonkei.services.endpoint.backing.arriving import checked, require_digest
from bonkei.services.endpoint.backing.channel import NotConnectedError, Streams
from bonkei.services.endpoint.backing.connections import Body, StoreAnswer, StoreConnections
from bonkei.services.endpoint.backing.dialects import s3 as s3_dialect
from bonkei.services.endpoint.backing.dialects import sqs as sqs_dialect
from bonkei.services.endpoint.backing.dialects import tables
from bonkei.services.endpoint.backing.dialects.s3 import Amend
from bonkei.services.endpoint.backing.parts import require_complete
from bonkei.services.endpoint.calls import s3_limits
from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.errors import Answer, ApiError
from bonkei.services.endpoint.port.bodies import SMALL, Bodies
from bonkei.services.endpoint.port.connection import Crowd, connection_of

_OURS = frozenset(
    {
        "authorization", "connection", "content-length", "expect", "host", "http2-settings",
        "keep-alive", "transfer-encoding", "upgrade", "x-amz-security-token",
    }
)  # fmt: skip
_PRESIGNED = frozenset(
    {
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token",
        "AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token",
    }
)  # fmt: skip
OWN_HOST = "127.0.0.1"
"""What MiniStack takes for its own name. Others are those of buckets, or of other services."""
_SQS_HOST = re.compile(
    r"(\d+(\.\d+){3}|\[[0-9a-fA-F:]+\]|[\w-]+|sqs(\.[\w-]+)?\.(amazonaws\.com(\.cn)?|localhost))(:\d+)?",
    re.ASCII,
)
_SQS_PATH = re.compile(r"/\d{12}/[\w.-]{1,80}/?", re.ASCII)
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "server", "date"})
_WHOLE = "x-bonkei-whole"
"""Header of a call whose body is short, so that MiniStack does not make it a file."""
_UNCHECKED = "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=0"
_PATIENCE = 30.0
"""Seconds for which a call waits while MiniStack starts: as long as a start may take."""
_POLL = 0.05
_LATE = 0.25
"""Seconds after which a call's answer is late."""
_LATEST = 4.0  # seconds between two looks for one call
_CALLS = 256  # at once: a client that waits for a message holds a place
_DOWNLOADS = 192  # of them with a long answer: clients that do not read leave places
_UPLOADS = 64  # of large bodies at once, because MiniStack holds a megabyte of each


Alterations = Mapping[int, Callable[[bytes], Answer | None]]
"""Status -> the function that makes another answer from MiniStack's (short) body; None leaves it
unchanged. An answer without headers has MiniStack's."""
_T = TypeVar("_T")
_UNALTERED: Alterations = MappingProxyType({})


class Store(Protocol):
    """The store behind the endpoint, on this machine."""

    async def connect(self) -> Streams:
        """Raises NotConnectedError."""

    async def wait_until_ready(self, seconds: float) -> bool: ...
    def begin_call(self) -> None:
        """The store does not rest until `end_call`."""

    def end_call(self) -> None: ...
    def look(self) -> None:
        """An answer is late: check whether the store is frozen."""


class Passing:
    """`account`: the owner of the resources."""

    def __init__(self, store: Store, account: str, bodies: Bodies) -> None:
        self._store = store
        self._account = account
        self._bodies = bodies
        self._connections = StoreConnections()
        self._calls, self._uploads = Crowd(_CALLS), Crowd(_UPLOADS)
        self._downloads = Crowd(_DOWNLOADS)

    async def close(self) -> None:
        self._connections.close()

    async def on(
        self,
        incoming: web.BaseRequest,
        call: Call,
        request: Request,
        body: bytes | None,
        alter: Alterations = _UNALTERED,
    ) -> web.StreamResponse:
        """The answer. A long answer is already on its way to the client. Raises ApiError if none
        comes. `body` None: an object's body, which is passed as it arrives."""
        if call.operation == "CompleteMultipartUpload" and body is not None:
            await require_complete(partial(self.ask, incoming, call), request, body)
        if body is not None and call.service == "s3":
            require_digest(body, request)
        amend, tail = s3_dialect.UNCHANGED, bytearray()
        if call.service == "s3":
            amend = partial(s3_dialect.answered, call, request, tail)
            alter = _first(alter, s3_dialect.alterations(call, request))
        elif body is not None and call.service == "sqs":
            body, alter = sqs_dialect.asked(call, body), sqs_dialect.alterations(call, body)
        elif body is not None and call.service == "dynamodb":
            wanted = await tables.asked(partial(self.ask, incoming, call), call, body)
            if isinstance(wanted, Answer):
                return web.Response(body=wanted.body, headers=dict(wanted.headers))
            body = wanted
        sent = await self._body(incoming, request, tail) if body is None else body
        crowds = (self._calls,) if isinstance(sent, bytes) else (self._uploads, self._calls)
        connection = connection_of(incoming)
        try:
            for crowd in crowds:
                await crowd.enter(connection)
            hand_on = partial(self._hand_on, incoming, alter, amend)
            asked = s3_dialect.asked(call, request) if call.service == "s3" else request
            response = await self._ask(incoming, call, asked, sent, hand_on)
            if call.operation == "CopyObject" and isinstance(response, web.Response):
                return await self._with_checksum(incoming, call, request, response)
            return response
        finally:
            for crowd in crowds:
                crowd.leave(connection)

    async def ask(
        self, incoming: web.BaseRequest, call: Call, request: Request, body: bytes = b""
    ) -> tuple[int, bytes]:
        """The status and the body of the answer to a call of the endpoint's own."""

        async def read(answer: StoreAnswer) -> tuple[int, bytes]:
            try:
                return answer.status, await answer.read()
            finally:
                answer.end()

        return await self._ask(incoming, call, request, body, read)

    async def _with_checksum(
        self, incoming: web.BaseRequest, call: Call, request: Request, response: web.Response
    ) -> web.Response:
        """The answer to a copy has the new object's checksum."""

        async def read(answer: StoreAnswer) -> list[tuple[str, str]]:
            answer.end()
            return answer.headers

        if response.status != 200 or not isinstance(response.body, bytes):
            return response
        headers = await self._ask(incoming, call, s3_dialect.looking_at(request), b"", read)
        body = s3_dialect.with_checksum(response.body, headers)
        kept = CIMultiDict(response.headers)
        del kept["content-length"]
        return web.Response(status=200, headers=kept, body=body)

    async def _ask(
        self,
        incoming: web.BaseRequest,
        call: Call,
        request: Request,
        body: Body,
        use: Callable[[StoreAnswer], Awaitable[_T]],
    ) -> _T:
        loop = asyncio.get_running_loop()
        deadline, watch = loop.time() + _PATIENCE, _Watch(self._store)
        try:
            while await self._store.wait_until_ready(deadline - loop.time()):
                try:
                    answer = await self._connections.ask(
                        self._store.connect,
                        self._head(call, request, isinstance(body, bytes)),
                        body,
                        bodiless=request.method == "HEAD",
                    )
                except NotConnectedError:
                    # It has just ended, and nothing was sent. Its next start takes the call.
                    if loop.time() > deadline:
                        break
                    await asyncio.sleep(_POLL)
                else:
                    return await use(answer)
        except (ConnectionError, TimeoutError, EOFError):
            if incoming.transport is None:
                raise
        finally:
            watch.end()
        raise _UNAVAILABLE

    async def _body(self, incoming: web.BaseRequest, request: Request, tail: bytearray) -> Body:
        """A short body is read as a whole, so that a slow client does not block MiniStack."""
        pieces = checked(self._bodies.pieces(incoming), request, tail)
        length = incoming.content_length
        if length is None and "transfer-encoding" in request.header:
            return pieces
        if (length or 0) > SMALL:
            return pieces
        return b"".join([piece async for piece in pieces])

    async def _hand_on(
        self, incoming: web.BaseRequest, alter: Alterations, amend: Amend, answer: StoreAnswer
    ) -> web.StreamResponse:
        connection = connection_of(incoming)
        try:
            headers = CIMultiDict(
                (name, value) for name, value in answer.headers if name.lower() not in _HOP
            )
            status, made = amend(answer.status, headers), alter.get(answer.status)
            is_short = answer.length is not None and (answer.length <= SMALL or answer.is_read)
            if made is not None or is_short or incoming.method == "HEAD":
                body = b"" if incoming.method == "HEAD" else await answer.read()
                if made is not None and (other := made(body)) is not None:
                    headers.pop("content-length", None)
                    kept = CIMultiDict(other.headers) or headers
                    return web.Response(status=other.status, body=other.body, headers=kept)
                return web.Response(status=status, headers=headers, body=body)
            response = web.StreamResponse(status=status, headers=headers)
            if not self._downloads.enter_now(connection):
                raise _SLOW_DOWN
            await response.prepare(incoming)
            async for piece in answer.pieces():
                await self._bodies.write(incoming, response, piece)
            await response.write_eof()
            return response
        finally:
            self._downloads.leave(connection)
            answer.end()

    def _head(self, call: Call, request: Request, is_whole: bool) -> list[str]:
        """The client's headers without its identity: MiniStack has one account, and trusts the
        endpoint."""
        scope = f"{self._account}/20200101/{call.region}/{call.service}/aws4_request"
        # SQS builds its URLs from the host. For S3, the bucket is in the path by now. MiniStack
        # would take another host, such as `bucket.s3.…`, for a call of S3.
        given = request.header.get("host", "")
        host = given if call.service == "sqs" and _SQS_HOST.fullmatch(given) else OWN_HOST
        # MiniStack would take the header of another protocol for the service that it names.
        left_out = _OURS | {"x-amz-target", "smithy-protocol"} if call.service == "s3" else _OURS
        length = request.header.get("content-length")
        return [
            f"{request.method} {_target(request, call.service)} HTTP/1.1",
            *(
                f"{name}: {value}"
                for name, value in request.headers
                if name not in left_out and not name.startswith("x-bonkei-")
            ),
            *([f"{_WHOLE}: 1"] if is_whole else []),
            f"host: {host}",
            f"authorization: {_UNCHECKED.format(scope)}",
            *([f"content-length: {length}"] if length and not is_whole else []),
        ]


def _target(request: Request, service: str) -> str:
    """The path is S3's resource, or SQS's queue. MiniStack has pages of its own, and paths of other
    services."""
    path = request.path
    if service == "s3" and (bucket := request.bucket_in_host):
        path = f"/{bucket}{path}"
    elif service != "s3" and not (service == "sqs" and _SQS_PATH.fullmatch(path)):
        path = "/"
    if not request.query:
        return path
    query = s3_limits.capped(request.query)
    query = "&".join(part for part in query.split("&") if part.partition("=")[0] not in _PRESIGNED)
    return f"{path}?{query}" if query else path


def _first(alter: Alterations, others: Alterations) -> Alterations:
    """Those of `others` where `alter` leaves an answer unchanged."""
    both = alter.keys() & others.keys()

    def either(status: int, body: bytes) -> Answer | None:
        return alter[status](body) or others[status](body)

    return {**others, **alter, **{each: partial(either, each) for each in both}}


class _Watch:
    """Checks the store repeatedly while a call is in progress, and keeps it from its rest."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.begin_call()
        self._loop = asyncio.get_running_loop()
        self._delay = _LATE
        self._timer = self._loop.call_later(self._delay, self._look)

    def end(self) -> None:
        self._timer.cancel()
        self._store.end_call()

    def _look(self) -> None:
        self._store.look()
        self._delay = min(2 * self._delay, _LATEST)  # a client of SQS may wait for a long time
        self._timer = self._loop.call_later(self._delay, self._look)


_SLOW_DOWN = ApiError("SlowDown", "Please reduce your request rate.", 503)
_UNAVAILABLE = ApiError(
    "ServiceUnavailable", "The store behind the miniature's AWS endpoint does not answer.", 503
)
