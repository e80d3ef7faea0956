"""Input `forward`: Fluentd's protocol on a Unix socket, in the mode of Docker's log driver.

Source: "Forward Protocol Specification v1" (fluent/fluentd wiki): the message mode, and the event
time's extension type.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgpack

from bonkei.base.background import Background
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.records import NANOSECONDS, Event

Ingest = Callable[[str, Sequence[Event]], None]
Lose = Callable[[int, str], None]
"""Counts records that cannot be taken, and says why."""

_CHUNK = 256 * 1024
_GRACE = 5.0  # seconds for the connections that are open at the end
_QUIET = 0.1  # seconds without a byte, after which a connection counts as empty at the end
_TURNS = 10  # of the loop, in which it takes what the kernel has: a connection needs four
_LARGEST = 64 * 1024 * 1024  # bytes of one message
_TIMES = 2**32 * NANOSECONDS


class ForwardInput:
    """It runs on the event loop. `lose` hears of each record that is not one; its neighbours are
    taken. `close` ends it in any state."""

    def __init__(self, section: Section, ingest: Ingest, lose: Lose) -> None:
        self._path = Path(section.text("unix_path"))
        self._ingest = ingest
        self._lose = lose
        self._server: asyncio.Server | None = None
        self._connections = Background()
        self._ending = False
        self._end = asyncio.Event()

    async def start(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._accept, self._path)

    async def drain(self) -> None:
        """Accept no new connection; read to their end those that are open, or wait to be
        accepted."""
        self._ending = True
        self._end.set()
        await _let_arrive()
        if self._server is not None:
            self._server.close()
        await self._connections.stop(_GRACE)
        with suppress(OSError):
            self._path.unlink()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._connections.stop()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.start(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unpacker = msgpack.Unpacker(
            raw=False,
            strict_map_key=False,
            unicode_errors="replace",
            ext_hook=_extension,
            max_buffer_size=_LARGEST,
        )
        try:
            while data := await self._read(reader):
                unpacker.feed(data)
                self._take(unpacker)
        except OSError:
            pass
        except (ValueError, TypeError, msgpack.UnpackException) as error:  # as Fluent Bit ends it
            self._lose(0, f"a connection is closed: {error or type(error).__name__}")
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """A silent connection is woken when the end begins; from then on it gets a short wait."""
        if not self._ending:
            reading = asyncio.ensure_future(reader.read(_CHUNK))
            ending = asyncio.ensure_future(self._end.wait())
            await asyncio.wait((reading, ending), return_when=asyncio.FIRST_COMPLETED)
            ending.cancel()
            if reading.done():
                return reading.result()
        else:
            reading = asyncio.ensure_future(reader.read(_CHUNK))
        await asyncio.wait((reading,), timeout=_QUIET)
        if not reading.done():
            await _let_arrive()  # the silence may have been a standstill of this process
        if reading.done():
            return reading.result()
        reading.cancel()
        return b""

    def _take(self, unpacker: msgpack.Unpacker) -> None:
        """Pass complete messages to the pipeline, in batches of a tag."""
        by_tag: dict[str, list[Event]] = {}
        try:
            for message in unpacker:
                if not isinstance(message, list | tuple) or len(message) < 2:
                    raise ValueError("not a message of the forward protocol")
                try:
                    tag, moment, record = message[:3]
                    by_tag.setdefault(str(tag), []).append(_event(moment, record))
                except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
                    self._lose(1, f"a record is dropped: {error}")
        finally:
            for tag, events in by_tag.items():
                self._ingest(tag, events)


async def _let_arrive() -> None:
    """Let the loop look at its sockets, and carry out what follows from it."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _event(moment: Any, record: Any) -> Event:
    if not isinstance(record, dict):
        raise TypeError("a record is a map")
    if isinstance(moment, _EventTime):
        return moment.nanoseconds, _storable(record)
    if not isinstance(moment, int | float):  # a text times a billion would fill the memory
        raise TypeError("a time is a number")
    return int(moment * NANOSECONDS) % _TIMES, _storable(record)


def _storable(value: Any) -> Any:
    """The value with keys and values that a chunk and JSON can hold."""
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else _text(key): (
                each if isinstance(each, str) else _storable(each)
            )
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else _text(value)


def _text(value: Any) -> str:
    """Bytes are a text to Fluent Bit, and an extension is its bytes in hexadecimal digits."""
    if isinstance(value, _EventTime):
        return "".join(f"\\x{byte:02x}" for byte in value.data)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class _EventTime:
    __slots__ = ("data", "nanoseconds")

    def __init__(self, data: bytes) -> None:
        self.data = data
        seconds, rest = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
        self.nanoseconds = seconds * NANOSECONDS + rest


def _extension(code: int, data: bytes) -> Any:
    return _EventTime(data) if code == 0 else data
