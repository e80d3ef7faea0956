"""Events as bytes: frames with their length, their times and a checksum. Pure."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgpack

from bonkei.services.logs.store.limits import InputEvent

FRAME_BYTES = 48 * 1024
"""The usual size of a frame. A frame is read as a whole. A longer message has its own frame."""

_MAGIC = b"BLF1"
_HEAD = struct.Struct("<4sIIIqqq")  # magic, length, checksum, count, first, last, ingestion
HEAD_BYTES = _HEAD.size


@dataclass(frozen=True, slots=True)
class Head:
    """`length` is that of the body. `first` and `last`: the frame's earliest and latest
    timestamp."""

    length: int
    checksum: int
    count: int
    first: int
    last: int
    ingestion: int


def encode(events: Sequence[InputEvent], ingestion: int) -> list[bytes]:
    """The frames of a batch in order of time."""
    frames, begin, size = [], 0, 0
    for index, (_, message) in enumerate(events):
        if size and size + len(message) > FRAME_BYTES:
            frames.append(_frame(events[begin:index], ingestion))
            begin, size = index, 0
        size += len(message) + 12
    frames.append(_frame(events[begin:], ingestion))
    return frames


def head_of(data: bytes | memoryview, offset: int = 0) -> Head | None:
    """The head at an offset; None if there is no complete one."""
    if len(data) - offset < HEAD_BYTES:
        return None
    magic, *rest = _HEAD.unpack_from(data, offset)
    return Head(*rest) if magic == _MAGIC else None


def whole(data: bytes) -> Iterator[tuple[int, Head]]:
    """Offset and head of each frame, up to the first incomplete or damaged one."""
    view, offset = memoryview(data), 0
    while (head := head_of(view, offset)) is not None:
        begin = offset + HEAD_BYTES
        body = view[begin : begin + head.length]
        if len(body) < head.length or zlib.crc32(body) != head.checksum:
            return
        yield offset, head
        offset = begin + head.length


def decode(data: bytes) -> Iterator[tuple[int, int, str]]:
    """(timestamp, ingestion time, message) of each event in some complete frames."""
    offset = 0
    while (head := head_of(data, offset)) is not None:
        offset += HEAD_BYTES
        timestamps, messages = msgpack.unpackb(
            data[offset : offset + head.length], unicode_errors="surrogatepass"
        )
        for timestamp, message in zip(timestamps, messages, strict=True):
            yield timestamp, head.ingestion, message
        offset += head.length


def _frame(events: Sequence[InputEvent], ingestion: int) -> bytes:
    timestamps, messages = zip(*events, strict=True)
    body: bytes = msgpack.packb((timestamps, messages), unicode_errors="surrogatepass")
    head = _HEAD.pack(
        _MAGIC, len(body), zlib.crc32(body), len(events), timestamps[0], timestamps[-1], ingestion
    )
    return head + body
