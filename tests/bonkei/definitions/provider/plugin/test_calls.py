"""gRPC's own client against our connections, and clients that break the protocol."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from bonkei.definitions.provider.plugin import http2
from bonkei.definitions.provider.plugin.calls import Connection

_SETTINGS = http2.PREFACE + http2.settings({})


def _broken(_request: bytes) -> bytes:
    raise LookupError("no such 値")


def _slow(request: bytes) -> bytes:
    time.sleep(0.2)
    return request + threading.current_thread().name.encode()


_FOUR = threading.Barrier(4, timeout=60)


def _together(request: bytes) -> bytes:
    """Answered only while three others wait for their answers, too."""
    _FOUR.wait()
    return request + threading.current_thread().name.encode()


_METHODS: dict[str, Callable[[bytes], bytes]] = {
    "/test/Echo": lambda request: request,
    "/test/Much": lambda request: b"x" * int(request),
    "/test/Broken": _broken,
    "/test/Slow": _slow,
    "/test/Together": _together,
}


@contextlib.asynccontextmanager
async def _serving(path: Path, pool: Executor | None = None) -> AsyncIterator[Path]:
    known: dict[bytes, str] = {}
    open_ones: list[asyncio.BaseTransport] = []

    class Kept(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            open_ones.append(transport)
            super().connection_made(transport)

    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(lambda: Kept(_METHODS, known, pool), path)
    async with server:
        yield path
        for transport in open_ones:
            transport.close()
        await asyncio.sleep(0)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Path]:
    """A socket where `_METHODS` are served in the loop's thread."""
    async with _serving(tmp_path / "s") as path:
        yield path


@contextlib.asynccontextmanager
async def _client(place: Path) -> AsyncIterator[Callable[[str], Any]]:
    """Makes calls of gRPC's own client, all on one connection."""
    unlimited = [("grpc.max_receive_message_length", -1)]
    channel: Any = grpc.aio.insecure_channel(f"unix:{place}", options=unlimited)
    async with channel:
        yield channel.unary_unary


async def _ask(place: Path, method: str, request: bytes) -> bytes:
    async with _client(place) as calling:
        return bytes(await calling(method)(request))


async def _reader_and_writer(place: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(place)
    writer.write(_SETTINGS)
    return reader, writer


@pytest.mark.parametrize("size", [0, 1, 16_379, 16_384, 65_536, 3_000_000])
async def test_messages_of_all_sizes_arrive_in_both_directions(place: Path, size: int) -> None:
    """More than a frame (16 KB) and more than a window (64 KB), too."""
    sent = bytes(number % 251 for number in range(min(size, 100_000))) * (size // 100_000 or 1)
    assert await _ask(place, "/test/Echo", sent) == sent
    assert await _ask(place, "/test/Much", str(size).encode()) == b"x" * size


async def test_many_calls_at_once_on_one_connection(place: Path) -> None:
    async with _client(place) as calling:
        echo = calling("/test/Echo")
        answers = await asyncio.gather(*(echo(str(number).encode()) for number in range(500)))
    assert answers == [str(number).encode() for number in range(500)]


async def test_a_second_connection_does_not_depend_on_the_table_of_the_first(place: Path) -> None:
    for _ in range(3):
        assert await _ask(place, "/test/Echo", b"a") == b"a"
        assert await _ask(place, "/test/Much", b"1") == b"x"


async def test_a_fault_is_the_status_of_the_call_and_the_connection_goes_on(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with _client(place) as calling:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await calling("/test/Broken")(b"")
        assert await calling("/test/Echo")(b"a") == b"a"
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert caught.value.details() == "LookupError: no such 値"
    assert "LookupError" in capsys.readouterr().err


async def test_what_is_not_served_is_unimplemented_also_while_the_request_streams(
    place: Path,
) -> None:
    """go-plugin opens a stream to a broker that is not here."""

    async def requests() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.Event().wait()

    channel: Any = grpc.aio.insecure_channel(f"unix:{place}")
    async with channel:
        for call in (
            channel.unary_unary("/test/Other")(b""),
            channel.stream_unary("/plugin.GRPCBroker/StartStream")(requests()),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await asyncio.wait_for(call, 60)
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert await channel.unary_unary("/test/Echo")(b"a") == b"a"


async def test_answers_that_block_come_from_the_pool_beside_each_other(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4, "pool") as pool:
        async with _serving(tmp_path / "s", pool) as path, _client(path) as calling:
            together = calling("/test/Together")
            answers = await asyncio.gather(*(together(b"a") for _ in range(4)))
            assert {answer[:5] for answer in answers} == {b"apool"}
            with pytest.raises(grpc.aio.AioRpcError):
                await calling("/test/Broken")(b"")
            given_up = calling("/test/Slow")(b"a")
            await asyncio.sleep(0.05)
            given_up.cancel()
            await asyncio.sleep(0.3)
            assert await calling("/test/Echo")(b"b") == b"b"


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("not HTTP/2", b"GET / HTTP/1.1\r\n\r\n"),
        ("a frame larger than allowed", _SETTINGS + b"\xff\xff\xff\0\0\0\0\0\1"),
        ("a block that is no HPACK", _SETTINGS + http2.frame(1, 5, 1, b"\xff\xff\xff\xff\xff\xff")),
        ("settings cut short", http2.PREFACE + http2.frame(4, 0, 0, b"123")),
        ("a window cut short", _SETTINGS + http2.frame(8, 0, 0, b"12")),
        ("more padding than frame", _SETTINGS + http2.frame(0, 8, 1, b"\x09")),
        ("a piece of no block", _SETTINGS + http2.frame(9, 4, 1, b"")),
        ("a block that is interrupted", _SETTINGS + http2.frame(1, 0, 1) + http2.frame(6, 0, 0)),
        (
            "a block without end",
            _SETTINGS + http2.frame(1, 0, 1) + http2.frame(9, 0, 1, bytes(9_000)) * 8,
        ),
    ],
)
async def test_a_broken_connection_ends_and_the_others_go_on(
    place: Path, capsys: pytest.CaptureFixture[str], name: str, sent: bytes
) -> None:
    reader, writer = await asyncio.open_unix_connection(place)
    writer.write(sent)
    said = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    assert http2.frame(http2.GOAWAY, 0, 0, bytes(7) + b"\x01") in said, name
    assert "Terraform's connection ends: " in capsys.readouterr().err
    assert await _ask(place, "/test/Echo", b"a") == b"a"


_BLOCK = b"\x83\x04\x0a/test/Echo"  # :method POST, :path as it is
_MESSAGE = b"\0\0\0\0\x02hi"


async def test_pieces_padding_and_priority(place: Path) -> None:
    """What no client here sends, but HTTP/2 allows."""
    reader, writer = await _reader_and_writer(place)
    first, second = _BLOCK[:4], _BLOCK[4:]
    padded = b"\x03" + bytes(5) + first + bytes(3)
    writer.write(http2.frame(1, http2.PADDED | http2.PRIORITY, 1, padded))
    writer.write(http2.frame(9, http2.END_HEADERS, 1, second))
    writer.write(http2.frame(0, 0, 1, _MESSAGE[:3]))
    for byte in http2.frame(0, http2.END_STREAM | http2.PADDED, 1, b"\1" + _MESSAGE[3:] + b"\0"):
        writer.write(bytes((byte,)))
        await writer.drain()
    writer.write(http2.frame(0x42, 0, 1, b"a kind that is not known"))
    writer.write(http2.frame(6, 0, 0, b"12345678"))
    said = await asyncio.wait_for(reader.readuntil(b"12345678"), 60)
    assert http2.frame(0, 0, 1, _MESSAGE) in said
    writer.close()


@pytest.mark.parametrize("sent", [b"", b"\1\0\0\0\2hi", b"\0\0\0\0\3hi", b"\0\0"])
async def test_a_message_that_is_not_one_is_refused(place: Path, sent: bytes) -> None:
    """Compressed, cut short, or none."""
    reader, writer = await _reader_and_writer(place)
    writer.write(http2.frame(1, http2.END_HEADERS, 1, _BLOCK))
    writer.write(http2.frame(0, http2.END_STREAM, 1, sent))
    await asyncio.wait_for(reader.readuntil(b"not one uncompressed message"), 60)
    writer.close()


async def test_an_answer_waits_for_the_window_and_is_dropped_with_the_call(place: Path) -> None:
    reader, writer = await _reader_and_writer(place)
    writer.write(http2.settings({http2.INITIAL_WINDOW_SIZE: 0}))
    body = b"\0\0\0\0\x05" + b"9" * 5
    much = b"\x83\x04\x0a/test/Much"
    for stream in (1, 3):
        writer.write(http2.frame(1, http2.END_HEADERS, stream, much))
        writer.write(http2.frame(0, http2.END_STREAM, stream, body))
    writer.write(http2.frame(3, 0, 3, bytes(4)))
    writer.write(http2.window_update(1, 7))
    writer.write(http2.window_update(3, 7))
    writer.write(http2.frame(6, 0, 0, b"12345678"))
    said = await asyncio.wait_for(reader.readuntil(b"12345678"), 60)
    size = struct.pack(">L", 99_999)
    assert http2.frame(0, 0, 1, b"\0" + size + b"xx") in said
    assert http2.frame(0, 0, 3)[3:] not in said
    writer.write(http2.settings({http2.INITIAL_WINDOW_SIZE: 3}))
    await asyncio.wait_for(reader.readuntil(http2.frame(0, 0, 1, b"xxx")), 60)
    writer.close()


def test_the_peer_may_leave_in_the_middle(tmp_path: Path) -> None:
    """Its call is forgotten; nothing is reported as a fault of ours."""
    complaints: list[object] = []

    async def leave() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: complaints.append(context))
        with ThreadPoolExecutor(1) as pool:
            server = await loop.create_unix_server(
                lambda: Connection({"/test/Echo": _slow}, {}, pool), tmp_path / "s"
            )
            async with server:
                with socket.socket(socket.AF_UNIX) as peer:
                    await asyncio.to_thread(peer.connect, str(tmp_path / "s"))
                    peer.sendall(
                        _SETTINGS
                        + http2.frame(1, http2.END_HEADERS, 1, _BLOCK)
                        + http2.frame(0, http2.END_STREAM, 1, _MESSAGE)
                    )
                    await asyncio.sleep(0.1)
                await asyncio.sleep(0.3)

    asyncio.run(leave())
    assert complaints == []
