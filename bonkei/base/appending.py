"""Lines at the end of a file that outlives the process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from bonkei.base import kept
from bonkei.base.surrogates import utf8


def append(file: Path, lines: str) -> None:
    """Append lines, all of them or none. Raises OSError when the disk does not take them. They
    start on a new line even where a process died in the middle of the last one."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        is_cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = memoryview(utf8("\n" * is_cut + lines))
        try:
            while rest:  # an almost full disk may take only a part
                rest = rest[os.write(descriptor, rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


class LastLines:
    """The last lines that were added, in a file that another process may read: at most twice as
    many as `most`, and as `size` in bytes, because the file is cut only then."""

    def __init__(self, file: Path, most: int, size: int = 1 << 62) -> None:
        self.file = file
        self._most = most
        self._size = size
        self._count = 0

    def open(self) -> None:
        """Continue after the lines of an earlier process. Raises OSError."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._count = sum(1 for _ in self)

    def add(self, lines: Sequence[str]) -> None:
        """Raises OSError when the disk does not take them."""
        if self._count + len(lines) > 2 * self._most or self._bytes() >= 2 * self._size:
            last = list(self)[max(0, self._count - self._most + len(lines)) :]
            while sum(map(len, last)) > self._size:
                del last[: len(last) // 2 + 1]
            kept.write(self.file, "".join(last), synced=False)
            self._count = len(last)
        append(self.file, "".join(f"{line}\n" for line in lines))
        self._count += len(lines)

    def __iter__(self) -> Iterator[str]:
        """Oldest first. The last one may be incomplete."""
        try:
            with self.file.open(encoding="utf-8") as file:
                yield from file
        except FileNotFoundError:
            return

    def _bytes(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0
