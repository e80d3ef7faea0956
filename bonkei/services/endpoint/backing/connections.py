"""Connections to MiniStack, kept for the next call.

HTTP/1.1 with one server of a locked version. So each call costs a quarter of a general client's
call. This cost is added to every call of the endpoint.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bonkei.services.endpoint.backing.channel import Connect

Body = bytes | AsyncIterator[bytes]

_KEPT = 30.0
"""Seconds for which an idle connection is reused. MiniStack's own limit is 75."""
_SILENCE = 75.0
"""Seconds without a byte after which it counts as hanging. SQS lets a client wait for 20."""
_STEP = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Pipe:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float = 0.0

    def abort(self) -> None:
        self.writer.transport.abort()


class StoreConnections:
    """As many connections as there are simultaneous calls."""

    def __init__(self) -> None:
        self._idle: deque[_Pipe] = deque()

    async def ask(
        self, connect: Connect, head: Sequence[str], body: Body, *, bodiless: bool
    ) -> StoreAnswer:
        """Send a request and read the answer's head. The caller ends the answer. `head`: the
        request line and the headers. Of the headers about the body's length, it has only that of a
        chunked body. `bodiless`: no body follows the answer's head. Raises ConnectionError,
        TimeoutError, EOFError."""
        pipe = self._reuse() or await _connected(connect)
        try:
            await _send(pipe.writer, head, body)
            return await _read_head(self, pipe, bodiless=bodiless)
        except BaseException:
            self.give_back(pipe, reusable=False)
            raise

    def give_back(self, pipe: _Pipe, *, reusable: bool) -> None:
        if reusable:
            now = asyncio.get_running_loop().time()
            self._idle.append(_Pipe(pipe.reader, pipe.writer, now))
        else:
            pipe.abort()

    def close(self) -> None:
        while self._idle:
            _Pipe.abort(self._idle.pop())

    def _reuse(self) -> _Pipe | None:
        oldest = asyncio.get_running_loop().time() - _KEPT
        while self._idle and self._idle[0].since < oldest:
            _Pipe.abort(self._idle.popleft())
        while self._idle:
            pipe = self._idle.pop()
            if not pipe.reader.at_eof() and not pipe.writer.is_closing():
                return pipe
            pipe.abort()
        return None


class StoreAnswer:
    """An answer with an unread body. Always call `end`."""

    def __init__(
        self,
        pool: StoreConnections,
        pipe: _Pipe,
        status: int,
        headers: list[tuple[str, str]],
        *,
        bodiless: bool,
    ) -> None:
        self.status = status
        self.headers = headers
        self._pool, self._pipe = pool, pipe
        named = {name.lower(): value.lower() for name, value in headers}
        self._chunked = "chunked" in named.get("transfer-encoding", "")
        self._reusable = named.get("connection") != "close"
        self.is_read = bodiless or status in (204, 304)
        self.length = None if self._chunked else int(named.get("content-length", "0"))
        """The number of bytes of the body, even if the body does not follow; None: not known
        yet."""

    async def read(self) -> bytes:
        """The whole body."""
        if self.length and not self.is_read:
            async with asyncio.timeout(_SILENCE):
                data = await self._pipe.reader.readexactly(self.length)
            self.is_read = True
            return data
        return b"".join([piece async for piece in self.pieces()])

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        if self.is_read:
            return
        if self._chunked:
            while size := await self._chunk_size():
                async for piece in self._exactly(size):
                    yield piece
                await self._pipe.reader.readexactly(2)
            await self._pipe.reader.readuntil(b"\r\n")  # MiniStack sends no trailers
        else:
            async for piece in self._exactly(self.length or 0):
                yield piece
        self.is_read = True

    def end(self) -> None:
        """The connection becomes free again. If the body was not read, the connection is closed."""
        self._pool.give_back(self._pipe, reusable=self.is_read and self._reusable)

    async def _chunk_size(self) -> int:
        async with asyncio.timeout(_SILENCE):
            return int((await self._pipe.reader.readuntil(b"\r\n")).split(b";")[0], 16)

    async def _exactly(self, size: int) -> AsyncIterator[bytes]:
        while size:
            async with asyncio.timeout(_SILENCE):
                piece = await self._pipe.reader.read(min(size, _STEP))
            if not piece:
                raise ConnectionResetError("MiniStack ended before its answer did")
            size -= len(piece)
            yield piece


async def _connected(connect: Connect) -> _Pipe:
    async with asyncio.timeout(_SILENCE):
        return _Pipe(*await connect())


async def _send(writer: asyncio.StreamWriter, head: Sequence[str], body: Body) -> None:
    text = "\r\n".join(head).encode("utf-8", "surrogateescape")
    if isinstance(body, bytes):
        writer.write(b"%b\r\ncontent-length: %d\r\n\r\n%b" % (text, len(body), body))
        if len(body) > _STEP:
            await writer.drain()
        return
    sized = any(line.lower().startswith("content-length:") for line in head)
    writer.write(text + (b"\r\n\r\n" if sized else b"\r\ntransfer-encoding: chunked\r\n\r\n"))
    async for piece in body:
        writer.write(piece if sized else b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
    if not sized:
        writer.write(b"0\r\n\r\n")


async def _read_head(pool: StoreConnections, pipe: _Pipe, *, bodiless: bool) -> StoreAnswer:
    while True:
        async with asyncio.timeout(_SILENCE):
            text = (await pipe.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = text[:-4].split("\r\n")
        status = int(first[9:12])
        if status >= 200:
            break
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return StoreAnswer(pool, pipe, status, headers, bodiless=bodiless)
