"""The HTTP side: `POST /v1/traces`, on 127.0.0.1 only."""

from __future__ import annotations

import asyncio
import socket
import zlib
from typing import TYPE_CHECKING

from bonkei.traces.errors import TracesError
from bonkei.traces.otlp import JSON, PROTOBUF, read_spans
from bonkei.traces.span import Span
from bonkei.traces.store import Spans

if TYPE_CHECKING:
    from aiohttp import web

LONGEST = 4 * 1024 * 1024
"""Bytes of a body, packed or not."""
SLOWEST = 10.0  # seconds for a body to arrive
_HOST = "127.0.0.1"
_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Receiver:
    """`url` is empty until it listens."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._runner: web.ServerRunner | None = None
        self._reading = asyncio.Lock()
        self.url = ""
        self.refused = 0

    async def start(self, port: int) -> None:
        """Listen; 0 takes a free port. Raises TracesError if it cannot listen."""
        from aiohttp import web  # noqa: PLC0415 - it takes a while to load

        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((_HOST, port))
            listening.listen(64)
        except OSError as error:
            listening.close()
            raise TracesError(
                f"spans cannot be received on {_HOST}:{port}: {error.strerror}",
                remedy="give it another port by BONKEI_TRACES_PORT, 0 for a free one, or off",
            ) from None
        server = web.Server(self._answer, access_log=None, auto_decompress=False)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, listening, backlog=64).start()
        self.url = f"http://{_HOST}:{listening.getsockname()[1]}"

    async def stop(self) -> None:
        """May be called twice, and before it listens."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        from aiohttp import web  # noqa: PLC0415

        try:
            kind = _kind(request)
            async with asyncio.timeout(SLOWEST):
                body = await _body(request)
            self._spans.add(await self._read(body, kind))
        except TimeoutError:
            self.refused += 1
            return web.Response(status=408, text="the body takes too long")
        except TracesError as error:
            self.refused += 1
            return web.Response(status=error.status, text=error.message)
        # An empty ExportTraceServiceResponse: everything was taken.
        return web.Response(body=b"{}" if kind == JSON else b"", content_type=kind)

    async def _read(self, body: bytes, kind: str) -> list[Span]:
        """Beside the event loop, which serves visitors; one body after the other."""
        async with self._reading:
            return await asyncio.to_thread(lambda: list(read_spans(body, kind)))


def _kind(request: web.BaseRequest) -> str:
    name = (request.host or "").rpartition(":")[0] or request.host
    if name not in _NAMES:
        raise TracesError("this receiver answers to loopback names only", status=403)
    if request.path != "/v1/traces":
        raise TracesError("only /v1/traces is received here", status=404)
    if request.method != "POST":
        raise TracesError("spans are sent by POST", status=405)
    if request.content_type not in (PROTOBUF, JSON):
        raise TracesError(f"the body has to be {PROTOBUF} or {JSON}", status=415)
    return request.content_type


async def _body(request: web.BaseRequest) -> bytes:
    """At most `LONGEST` bytes, also after decompression."""
    packed = request.headers.get("Content-Encoding", "identity").lower()
    if packed not in ("identity", "gzip"):
        raise TracesError(f"{packed} is not known here: send gzip, or no encoding", status=415)
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > LONGEST:
            raise TracesError(f"the body is longer than {LONGEST} bytes", status=413)
        parts.append(part)
    body = b"".join(parts)
    return _unpacked(body) if packed == "gzip" else body


def _unpacked(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(body, LONGEST)
    except zlib.error:
        raise TracesError("the body is no gzip") from None
    if unpacking.unconsumed_tail:
        raise TracesError(f"the body is longer than {LONGEST} bytes once unpacked", status=413)
    return found
