"""A growing file of frames, with an index of its times.

`<first sequence number>.log` holds frames. When it is full, a `.pages` file beside it lists its
pages, so that opening it needs no full read.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.folders import bytes_of, size_of
from bonkei.services.logs.store import frame

SEGMENT_BYTES = 4 * 1024 * 1024
"""The size of one removal, when the store is at its bound."""

_PAGE_BYTES = 48 * 1024
_PAGE = struct.Struct("<qqqqqq")


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a segment. It is read as a whole. `first`, `last`: its earliest and latest
    timestamp. `sequence`: the number of its first event in the stream."""

    stream: str
    path: Path
    offset: int
    length: int
    first: int
    last: int
    sequence: int
    count: int


class Segment:
    """`write` appends. Opening removes a partial frame that a crash left."""

    def __init__(self, stream: str, path: Path, *, is_ours: bool = True) -> None:
        """`is_ours`: no other process writes to it."""
        self._is_ours = is_ours
        self._stream = stream
        self.path = path
        self.sequence = int(path.stem)
        self.size = 0
        self.pages: list[Page] = []
        self._read()

    @property
    def count(self) -> int:
        return sum(page.count for page in self.pages)

    @property
    def is_full(self) -> bool:
        return self.size >= SEGMENT_BYTES

    def write(self, frames: list[bytes]) -> int:
        """The number of bytes written. After an OSError the segment is unchanged."""
        data = b"".join(frames)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, self.size)
            raise
        finally:
            os.close(descriptor)
        for each in frames:
            head = frame.head_of(each)
            assert head is not None  # noqa: S101 - it has just been encoded
            self._add(self.size, len(each), head)
            self.size += len(each)
        return len(data)

    def seal(self) -> None:
        """Write the list of pages. Without it the pages can still be found, but slowly."""
        packed = b"".join(
            _PAGE.pack(p.offset, p.length, p.first, p.last, p.sequence, p.count) for p in self.pages
        )
        part = self.path.with_suffix(".part")
        with suppress(OSError):
            part.write_bytes(packed)
            part.replace(self._index)

    def remove(self) -> None:
        for path in (self.path, self._index):
            path.unlink(missing_ok=True)

    @property
    def _index(self) -> Path:
        return self.path.with_suffix(".pages")

    def _read(self) -> None:
        self.size = size_of(self.path)
        if not self.size or self._read_index():
            return
        end = 0
        data = bytes_of(self.path) or b""
        for offset, head in frame.whole(data):
            end = offset + frame.HEAD_BYTES + head.length
            self._add(offset, end - offset, head)
        if end < self.size and self._is_ours:
            os.truncate(self.path, end)
            self.size = end

    def _read_index(self) -> bool:
        packed = bytes_of(self._index)
        if packed is None or len(packed) % _PAGE.size:
            return False
        self.pages = [Page(self._stream, self.path, *each) for each in _PAGE.iter_unpack(packed)]
        return bool(self.pages) and self.pages[-1].offset + self.pages[-1].length == self.size

    def _add(self, offset: int, length: int, head: frame.Head) -> None:
        last = self.pages[-1] if self.pages else None
        if last is not None and last.length + length <= _PAGE_BYTES:
            self.pages[-1] = Page(
                self._stream, self.path, last.offset, last.length + length,
                min(last.first, head.first), max(last.last, head.last),
                last.sequence, last.count + head.count,
            )  # fmt: skip
            return
        sequence = self.sequence if last is None else last.sequence + last.count
        self.pages.append(
            Page(
                self._stream, self.path, offset, length, head.first, head.last, sequence, head.count
            )
        )  # fmt: skip


def load(page: Page) -> bytes:
    """The content of a page; empty if its segment has been removed meanwhile."""
    try:
        with page.path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), page.length, page.offset)
    except FileNotFoundError:
        return b""
