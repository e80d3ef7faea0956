"""gRPC's unary calls, answered in the event loop's own thread.

A plan makes some 1,700 calls, and most answers take a tenth of a millisecond. gRPC for Python gives
each call to a thread of a pool, and does not tell connections on a Unix socket apart, so that each
needed a server of its own behind a relay: that took more time than the answers.
https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from urllib.parse import quote

from bonkei.base.background import Background
from bonkei.definitions.provider.plugin import http2
from bonkei.definitions.provider.plugin.http2 import Frame, ProtocolError

Methods = Mapping[str, Callable[[bytes], bytes]]
"""The path of a method -> the answer to a serialized request."""

_LARGEST_MESSAGE = 256 << 20
_LARGEST_BLOCK = 1 << 16
_MOST_CALLS = 1_000
"""Unfinished ones of one connection. Terraform makes ten at a time."""

_LARGEST_TEXT = 120
"""Of an error, so that its length is one byte of its header block."""
_PREFIX = 5
_OK = b"\x88\x0f\x10\x10application/grpc"  # :status 200, content-type
_DONE = b"\x00\x0bgrpc-status\x010"
_RESOURCE_EXHAUSTED, _UNIMPLEMENTED, _INTERNAL = 8, 12, 13


@dataclass(slots=True)
class _Call:
    answer: Callable[[bytes], bytes]
    window: int
    """How much of the answer the other side takes now."""
    body: bytearray = field(default_factory=bytearray)
    left: memoryview = field(default_factory=lambda: memoryview(b""))
    """The part of the answer that is not sent yet."""


class Connection(asyncio.Protocol):
    """One connection of Terraform."""

    def __init__(self, methods: Methods, paths: dict[bytes, str], pool: Executor | None) -> None:
        """`paths` is what connections have learned of header blocks, and they all share it. `pool`
        runs answers that may block, such as one from a program or over the network."""
        self._methods = methods
        self._pool = pool
        self._frames = http2.Frames()
        self._paths = http2.Paths(paths)
        self._block: tuple[Frame, bytearray] | None = None
        self._calls: dict[int, _Call] = {}
        self._received = 0
        self._window = self._window_of_calls = http2.DEFAULT_WINDOW
        self._answering = Background()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- of a stream socket
        self._transport = transport
        wanted = {http2.HEADER_TABLE_SIZE: 0, http2.INITIAL_WINDOW_SIZE: http2.LARGEST_WINDOW}
        more = http2.LARGEST_WINDOW - http2.DEFAULT_WINDOW
        transport.write(http2.settings(wanted) + http2.window_update(0, more))

    def connection_lost(self, _error: Exception | None) -> None:
        self._calls.clear()

    def data_received(self, data: bytes) -> None:
        try:
            for each in self._frames.feed(data):
                self._take(each)
        except ProtocolError as error:
            print(f"Terraform's connection ends: {error}", file=sys.stderr)
            self._transport.write(http2.frame(http2.GOAWAY, 0, 0, bytes(7) + b"\x01"))
            self._transport.close()

    def _take(self, frame: Frame) -> None:
        kind, is_ack = frame.kind, bool(frame.flags & http2.ACK)
        if (self._block is not None) is not (kind == http2.CONTINUATION):
            raise ProtocolError("a header block in pieces that do not follow each other")
        if kind == http2.DATA:
            self._data(frame)
        elif kind in (http2.HEADERS, http2.CONTINUATION):
            self._headers(frame)
        elif kind == http2.SETTINGS and not is_ack:
            self._settings(http2.read_settings(frame.payload))
        elif kind == http2.PING and not is_ack:
            self._transport.write(http2.frame(http2.PING, http2.ACK, 0, frame.payload))
        elif kind == http2.WINDOW_UPDATE:
            self._widen(frame.stream, http2.number(frame.payload))
        elif kind == http2.RST_STREAM:
            self._calls.pop(frame.stream, None)
        # What else there is means nothing here, or is unknown and to be ignored.

    def _headers(self, frame: Frame) -> None:
        first, block = self._block or (frame, bytearray())
        block += frame.payload
        if len(block) > _LARGEST_BLOCK or frame.stream != first.stream:
            raise ProtocolError("a header block that is too large, or of two streams")
        if not frame.flags & http2.END_HEADERS:
            self._block = first, block
            return
        self._block = None
        if first.stream in self._calls:
            raise ProtocolError("a second header block for one call")
        path = self._paths.of(bytes(block))
        answer = self._methods.get(path)
        ends = bool(first.flags & http2.END_STREAM)
        if answer is None or len(self._calls) >= _MOST_CALLS:
            code = _UNIMPLEMENTED if answer is None else _RESOURCE_EXHAUSTED
            self._fail(first.stream, code, f"{path} is not served", unread=not ends)
            return
        self._calls[first.stream] = _Call(answer, self._window_of_calls)
        if ends:
            self._answer(first.stream)

    def _data(self, frame: Frame) -> None:
        self._received += len(frame.payload)
        if self._received > http2.LARGEST_WINDOW // 2:
            self._transport.write(http2.window_update(0, self._received))
            self._received = 0
        call = self._calls.get(frame.stream)
        if call is None:
            return  # refused, or given up
        call.body += frame.payload
        ends = bool(frame.flags & http2.END_STREAM)
        if len(call.body) > _LARGEST_MESSAGE:
            self._fail(frame.stream, _RESOURCE_EXHAUSTED, "the message is too large", unread=True)
        elif ends:
            self._answer(frame.stream)

    def _answer(self, stream: int) -> None:
        call = self._calls[stream]
        request = bytes(memoryview(call.body)[_PREFIX:])
        if call.body[:_PREFIX] != _prefix(request):
            self._fail(stream, _INTERNAL, "not one uncompressed message", unread=False)
            return
        if self._pool is None:
            self._finish(stream, call, lambda: call.answer(request))
            return
        self._answering.start(self._wait(stream, call, request, self._pool))

    async def _wait(self, stream: int, call: _Call, request: bytes, pool: Executor) -> None:
        future = asyncio.get_running_loop().run_in_executor(pool, call.answer, request)
        await asyncio.wait((future,))
        if self._calls.get(stream) is call:
            self._finish(stream, call, future.result)

    def _finish(self, stream: int, call: _Call, answer: Callable[[], bytes]) -> None:
        try:
            content = answer()
        except Exception as error:
            traceback.print_exc()
            self._fail(stream, _INTERNAL, f"{type(error).__name__}: {error}", unread=False)
            return
        call.left = memoryview(_prefix(content) + content)
        head = http2.frame(http2.HEADERS, http2.END_HEADERS, stream, _OK)
        self._transport.write(head + self._sendable(stream, call))

    def _sendable(self, stream: int, call: _Call) -> bytes:
        """The frames that the other side takes now."""
        found: list[bytes] = []
        while call.left:
            size = min(len(call.left), self._window, call.window, http2.LARGEST_FRAME)
            if size <= 0:
                return b"".join(found)
            found.append(http2.frame(http2.DATA, 0, stream, bytes(call.left[:size])))
            call.left = call.left[size:]
            call.window -= size
            self._window -= size
        del self._calls[stream]
        flags = http2.END_HEADERS | http2.END_STREAM
        found.append(http2.frame(http2.HEADERS, flags, stream, _DONE))
        return b"".join(found)

    def _settings(self, given: Mapping[int, int]) -> None:
        if http2.INITIAL_WINDOW_SIZE in given:
            more = given[http2.INITIAL_WINDOW_SIZE] - self._window_of_calls
            self._window_of_calls += more
            for call in self._calls.values():
                call.window += more
        self._transport.write(http2.frame(http2.SETTINGS, http2.ACK, 0))
        self._send_waiting()

    def _widen(self, stream: int, more: int) -> None:
        if stream == 0:
            self._window += more
        elif stream in self._calls:
            self._calls[stream].window += more
        self._send_waiting()

    def _send_waiting(self) -> None:
        waiting = [each for each in self._calls.items() if each[1].left]
        self._transport.write(b"".join(self._sendable(*each) for each in waiting))

    def _fail(self, stream: int, code: int, text: str, *, unread: bool) -> None:
        """Answer with a status only. `unread` means that the other side may still be sending."""
        self._calls.pop(stream, None)
        said = quote(text[:1000], safe=" ").encode()[:_LARGEST_TEXT]
        status = str(code).encode()
        block = b"".join(
            (_OK, b"\0\x0bgrpc-status", bytes((len(status),)), status,
             b"\0\x0cgrpc-message", bytes((len(said),)), said)
        )  # fmt: skip
        flags = http2.END_HEADERS | http2.END_STREAM
        self._transport.write(http2.frame(http2.HEADERS, flags, stream, block))
        if unread:
            self._transport.write(http2.frame(http2.RST_STREAM, 0, stream, bytes(4)))


def _prefix(message: bytes) -> bytes:
    """The prefix says that the message is not compressed, and gives its size."""
    return b"\0" + len(message).to_bytes(4)
