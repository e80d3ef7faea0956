"""MiniStack's files of state, looked at before it starts.

MiniStack itself begins a service empty when its file cannot be read, and its next snapshot replaces
the file. So it is not started then. Each file has a checksum (`data/ministack_states.py`), which
files of earlier versions lack.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from bonkei.base.kept import DamagedError, parsed, problem_of

_HEAD = re.compile(rb'\{"__ministack_format__": (\d+), "crc32": (\d+), "payload": ')
FORMAT = 3
"""The latest format that the locked version of MiniStack writes and reads, for any service."""


def check(content: bytes) -> None:
    """Raises ValueError, TypeError, KeyError or AttributeError for a damaged file."""
    head = _HEAD.match(content)
    if head is None:
        document = parsed(content.decode())
        document["payload"]
        version = int(document["__ministack_format__"])
        if not set(document) <= {"__ministack_format__", "payload"}:
            raise ValueError("it is not a state of MiniStack")
    elif zlib.crc32(content[head.end() : -1]) != int(head[2]):
        raise ValueError("its checksum is wrong")
    else:
        version = int(head[1])
    if version > FORMAT:
        raise ValueError(f"its format is {version}, of a later version")


def require_whole(folder: Path) -> None:
    """Raises DamagedError for the first file that is damaged."""
    for file in sorted(folder.glob("*.json")):
        try:
            check(file.read_bytes())
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise DamagedError(file, problem_of(error)) from None
