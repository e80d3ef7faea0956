"""A body of S3 as a file: it is mapped, can be sliced, and is hashed while it arrives. Its only
side effect is the file."""

import base64
import hashlib
import mmap
import struct
import weakref
import zlib
from contextlib import suppress
from pathlib import Path

LARGE = 256 * 1024
"""Bytes. A longer body becomes a file. A shorter one stays bytes."""
_STEP = 256 * 1024


def remove(path):
    """Remove the file if it exists."""
    with suppress(OSError):
        Path(path).unlink()


class FileBody(mmap.mmap):
    """A file's content. It is never changed in place. A temporary file is deleted after its last
    use."""

    def __new__(cls, path, temporary=False):
        with Path(path).open("rb") as file:
            body = super().__new__(cls, file.fileno(), 0, access=mmap.ACCESS_READ)
        body.path, body.md5, body.checksums = path, "", {}
        if temporary:
            weakref.finalize(body, remove, path)
        return body

    def __getitem__(self, place):
        if isinstance(place, slice) and place.step in (None, 1):
            start, stop, _ = place.indices(len(self))
            if stop - start > LARGE:
                return Part(self, start, stop)
        return super().__getitem__(place)

    def pieces(self, start=0, stop=None):
        """The bytes, a few at a time. Bytes that were already read need not stay in memory."""
        stop = len(self) if stop is None else stop
        for at in range(start, stop, _STEP):
            yield super().__getitem__(slice(at, min(at + _STEP, stop)))
            page = at - at % mmap.PAGESIZE
            self.madvise(mmap.MADV_DONTNEED, page, min(at + _STEP, len(self)) - page)


class Part:
    """A large piece of a file."""

    md5 = ""

    def __init__(self, body, start, stop):
        self._body, self._start, self._stop = body, start, stop

    def __len__(self):
        return self._stop - self._start

    def pieces(self):
        return self._body.pieces(self._start, self._stop)


class Digests:
    """The digests that S3 checks and stores, computed while a body arrives."""

    def __init__(self, headers):
        named = " ".join(f"{name} {headers[name]}" for name in headers if "x-amz-" in name).upper()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc32 = 0 if "CRC32" in named.replace("CRC32C", "") else None
        self._others = {
            name: hashlib.new(name.lower(), usedforsecurity=False)
            for name in ("SHA1", "SHA256")
            if f"CHECKSUM-{name}" in named or f"ALGORITHM {name}" in named
        }

    def update(self, data):
        self._md5.update(data)
        if self._crc32 is not None:
            self._crc32 = zlib.crc32(data, self._crc32)
        for digest in self._others.values():
            digest.update(data)

    def put_on(self, body):
        body.md5 = self._md5.hexdigest()
        found = {name: digest.digest() for name, digest in self._others.items()}
        if self._crc32 is not None:
            found["CRC32"] = struct.pack(">I", self._crc32)
        body.checksums = {name: base64.b64encode(value).decode() for name, value in found.items()}


class Frames:
    """Decodes aws-chunked while it arrives; `trailer` follows the last chunk."""

    def __init__(self):
        self._buffer, self._left, self.trailer = bytearray(), 0, None

    def feed(self, data):
        if self.trailer is not None:
            self.trailer += data
            return
        self._buffer += data
        while self._buffer and self.trailer is None:
            if self._left:
                piece = bytes(self._buffer[: self._left])
                del self._buffer[: len(piece)]
                self._left -= len(piece)
                yield piece[: max(0, len(piece) - max(0, 2 - self._left))]
            elif (end := self._buffer.find(b"\r\n")) < 0:
                if len(self._buffer) > 8192:
                    raise ValueError
                return
            else:
                size = int(bytes(self._buffer[:end]).split(b";")[0], 16)
                del self._buffer[: end + 2]
                self._left = size + 2 if size else 0
                if not size:
                    self.trailer = bytes(self._buffer)
