"""Lines at the end of a file that outlives the process."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

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
