"""HTTP/2's frames, as far as gRPC's unary calls on one machine need them (RFC 9113).

A header block is decoded by `hpack`. It is asked to be without a table of earlier headers, so that
the same call has the same block each time: its path is then known without decoding it again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hpack import Decoder, HPACKError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 6, 7, 8, 9,
)  # fmt: skip
ACK = END_STREAM = 0x1
END_HEADERS, PADDED, PRIORITY = 0x4, 0x8, 0x20
HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE = 1, 4
DEFAULT_WINDOW, LARGEST_WINDOW = 65_535, (1 << 31) - 1
LARGEST_FRAME = 16_384
"""What either side takes that has not said otherwise, and that is enough."""

_HEAD = struct.Struct(">HBBBL")
_SETTING = struct.Struct(">HL")
_NUMBER = struct.Struct(">L")
_KNOWN_PATHS = 256


class ProtocolError(Exception):
    """The other side breaks the rules of HTTP/2, so the connection ends."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame without its padding and priority."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """The frame on the wire."""
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def settings(values: dict[int, int]) -> bytes:
    """A frame with our settings."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*pair) for pair in values.items()))


def window_update(stream: int, more: int) -> bytes:
    """Allow the other side to send so much more."""
    return frame(WINDOW_UPDATE, 0, stream, _NUMBER.pack(more))


def number(payload: bytes) -> int:
    """What a WINDOW_UPDATE adds, or the code of an end."""
    if len(payload) != _NUMBER.size:
        raise ProtocolError("a number of another size")
    return int(_NUMBER.unpack(payload)[0]) & LARGEST_WINDOW


def read_settings(payload: bytes) -> dict[int, int]:
    """The other side's settings."""
    if len(payload) % _SETTING.size:
        raise ProtocolError("settings of another size")
    return dict(_SETTING.iter_unpack(payload))


class Frames:
    """Cuts what arrives into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Return the frames that are complete now. Raises ProtocolError, also for a frame larger
        than allowed."""
        rest = self._rest
        rest += data
        at = 0
        if not self._begun:
            if not PREFACE.startswith(rest[: len(PREFACE)]):
                raise ProtocolError("not a connection of HTTP/2")
            if len(rest) < len(PREFACE):
                return
            self._begun, at = True, len(PREFACE)
        try:
            while len(rest) - at >= _HEAD.size:
                high, low, kind, flags, stream = _HEAD.unpack_from(rest, at)
                size = high << 8 | low
                if size > LARGEST_FRAME:
                    raise ProtocolError(f"a frame of {size} bytes")
                end = at + _HEAD.size + size
                if len(rest) < end:
                    return
                payload = bytes(rest[at + _HEAD.size : end])
                at = end
                yield Frame(kind, flags, stream & LARGEST_WINDOW, _bare(kind, flags, payload))
        finally:
            del rest[:at]


def _bare(kind: int, flags: int, payload: bytes) -> bytes:
    if kind not in (DATA, HEADERS):
        return payload
    if flags & PADDED:
        padding = payload[0] if payload else 1
        if padding >= len(payload):
            raise ProtocolError("more padding than frame")
        payload = payload[1 : len(payload) - padding]
    return payload[5:] if kind == HEADERS and flags & PRIORITY else payload


class Paths:
    """The path that a header block asks for. One for each connection: a block may refer to an
    earlier one until the other side has taken in our settings."""

    def __init__(self, known: dict[bytes, str]) -> None:
        """`known` may be shared, because it only holds blocks that refer to nothing."""
        self._known = known
        self._decoder = Decoder()

    def of(self, block: bytes) -> str:
        """Return the path. Raises ProtocolError if the block cannot be decoded."""
        table = self._decoder.header_table
        if not table.dynamic_entries and block in self._known:
            return self._known[block]
        try:
            headers = {str(name): str(value) for name, value in self._decoder.decode(block)}
        except HPACKError as error:
            raise ProtocolError(f"a header block: {error}") from error
        path = headers.get(":path", "")
        resizes = block[:1] >= b"\x20" and block[:1] < b"\x40"  # RFC 7541, 6.3
        if not table.dynamic_entries and not resizes and len(self._known) < _KNOWN_PATHS:
            self._known[block] = path
        return path
