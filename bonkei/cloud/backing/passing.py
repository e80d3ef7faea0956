"""Passing a call on to MiniStack, and its answer back, without holding an object in memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import aiohttp
from aiohttp import web
from yarl import URL

from bonkei.cloud.calls.request import Call, Request
from bonkei.cloud.errors import Answer, ApiError

_OURS = frozenset(
    {
        "authorization", "connection", "content-length", "expect", "host", "keep-alive",
        "transfer-encoding", "x-amz-security-token",
    }
)  # fmt: skip
_PRESIGNED = frozenset(
    {
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token",
        "AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token",
    }
)  # fmt: skip
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "server", "date"})
_UNCHECKED = "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=0"
_PATIENCE = 5.0
"""Seconds that a call waits for a MiniStack that is starting."""
_POLL = 0.05
_LATE = 0.5
"""Seconds after which a call's answer is late."""
_SILENCE = 75.0
"""Seconds without a byte after which it counts as hanging; SQS lets a client wait for 20."""


Alterations = Mapping[int, Callable[[bytes], Answer | None]]
"""Status -> what makes another answer of MiniStack's body, which is short; None: it stays."""
_UNALTERED: Alterations = MappingProxyType({})


class Store(Protocol):
    """The store behind the endpoint."""

    @property
    def url(self) -> str: ...
    async def wait_until_ready(self, seconds: float) -> bool: ...
    def look(self) -> None:
        """An answer is late: see whether it is frozen."""


class Passing:
    """`account`: the owner of the resources."""

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self._account = account
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def on(
        self,
        incoming: web.BaseRequest,
        call: Call,
        request: Request,
        body: bytes | None,
        alter: Alterations = _UNALTERED,
    ) -> web.StreamResponse:
        """The answer, already on its way to the client. ApiError when none comes."""
        loop = asyncio.get_running_loop()
        deadline, watch = loop.time() + _PATIENCE, _Watch(self._store)
        try:
            while await self._store.wait_until_ready(deadline - loop.time()):
                try:
                    return await self._once(incoming, call, request, body, alter)
                except aiohttp.ClientConnectorError:
                    # It has just ended, and nothing was sent: its next start takes the call.
                    if loop.time() > deadline:
                        break
                    await asyncio.sleep(_POLL)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            if isinstance(error.__cause__, ApiError):
                raise error.__cause__ from None
        finally:
            watch.end()
        raise _UNAVAILABLE

    async def _once(
        self,
        incoming: web.BaseRequest,
        call: Call,
        request: Request,
        body: bytes | None,
        alter: Alterations,
    ) -> web.StreamResponse:
        async with self._open().request(
            request.method,
            URL(self._target(request), encoded=True),
            headers=self._headers(call, request),
            data=_checked(incoming, request) if body is None else body,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept-Encoding"),
            allow_redirects=False,
        ) as answer:
            if (made := alter.get(answer.status)) is not None:
                content = await answer.read()
                if (other := made(content)) is not None:
                    headers = dict(other.headers)
                    return web.Response(status=other.status, body=other.body, headers=headers)
                return await _send(incoming, answer, content)
            return await _send(incoming, answer)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=256),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=_SILENCE),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    def _target(self, request: Request) -> str:
        query = "&".join(
            part for part in request.query.split("&") if part.partition("=")[0] not in _PRESIGNED
        )
        bucket = request.bucket_in_host
        path = f"/{bucket}{request.path}" if bucket else request.path
        return f"{self._store.url}{path}" + (f"?{query}" if query else "")

    def _headers(self, call: Call, request: Request) -> list[tuple[str, str]]:
        """The client's headers without its identity: MiniStack has one account, and trusts the
        endpoint."""
        scope = f"{self._account}/20200101/{call.region}/{call.service}/aws4_request"
        kept = [(name, value) for name, value in request.headers if name not in _OURS]
        host = request.header.get("host", "")
        length = request.header.get("content-length")
        return [
            *kept,
            # SQS makes its URLs of it. A bucket in S3's is in the path by now.
            ("host", URL(self._store.url).authority if call.service == "s3" else host),
            ("authorization", _UNCHECKED.format(scope)),
            *([("content-length", length)] if length else []),
        ]  # fmt: skip


class _Watch:
    """Checks the store repeatedly while a call is in progress."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(_LATE, self._look)

    def end(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        self._store.look()
        self._timer = self._loop.call_later(_LATE, self._look)


async def _checked(incoming: web.BaseRequest, request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives. If it differs from the signed one, MiniStack never gets its last
    piece."""
    wanted = request.header.get("x-amz-content-sha256", "")
    digest = hashlib.sha256() if len(wanted) == 64 else None
    held = b""  # the last piece is passed on only if the whole body is right
    async for chunk in incoming.content.iter_any():
        if digest is not None:
            digest.update(chunk)
        if held:
            yield held
        held = chunk
    if digest is not None and digest.hexdigest() != wanted:
        raise ApiError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
    if held:
        yield held


async def _send(
    incoming: web.BaseRequest, answer: aiohttp.ClientResponse, content: bytes = b""
) -> web.StreamResponse:
    """`content`: what was read of the answer already."""
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in answer.raw_headers
        if name.decode("latin-1").lower() not in _HOP
    ]
    response = web.StreamResponse(status=answer.status)
    for name, value in headers:
        response.headers.add(name, value)
    await response.prepare(incoming)
    if content:
        await response.write(content)
    async for chunk in answer.content.iter_any():
        await response.write(chunk)
    await response.write_eof()
    return response


_UNAVAILABLE = ApiError(
    "ServiceUnavailable", "What stands behind the miniature's AWS endpoint does not answer.", 503
)
