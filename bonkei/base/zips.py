"""Zips that may come from anyone.

Python unpacks each piece of bzip2 or LZMA as a whole: a megabyte takes ten gigabytes of memory,
whatever size its entry names. Those who unpack zips on AWS do not know these methods. They are
refused, and what is deflated is read in bounded pieces.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bonkei.base.errors import BonkeiError

LARGEST = 5 * 1024**3
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError,
    RuntimeError, NotImplementedError,  # it is encrypted, or of a later version
)  # fmt: skip


class ZipError(BonkeiError):
    """A zip cannot be unpacked, or is too large."""


@contextmanager
def opened(file: Path, most: int = LARGEST) -> Iterator[zipfile.ZipFile]:
    """A zip that says of itself that it has at most so many bytes. Raises ZipError, also for what
    is wrong inside, while it is read."""
    try:
        with zipfile.ZipFile(file) as found:
            if sum(entry.file_size for entry in found.infolist()) > most:
                raise ZipError(f"unpacked it has more than {most} bytes")
            for entry in found.infolist():
                if entry.compress_type not in _METHODS:
                    raise ZipError(f"{entry.filename!r} is neither stored nor deflated")
            yield found
    except _BROKEN as error:
        raise ZipError(f"it is not a zip: {error}") from None


def small(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """The content of one entry. `ZipFile.read` believes the size that the entry names only after it
    has unpacked everything. Raises ZipError if it is larger than `most`."""
    with archive.open(entry) as content:
        found = content.read(most + 1)
    if len(found) > most:
        raise ZipError(f"{entry.filename} is larger than {most}")
    return found
