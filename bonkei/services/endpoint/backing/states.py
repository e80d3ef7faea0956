"""MiniStack's files of state, looked at before it starts.

MiniStack itself begins a service empty when its file cannot be read, and its next snapshot replaces
the file. So it is not started then. Each file has a checksum (`data/ministack_states.py`), and so
has each line of the journal (`data/ministack_journal.py`). Those of earlier versions lack them.

An older copy of one service's file has the number of an earlier snapshot than the journal's mark.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bonkei.base.folders import bytes_of, matching
from bonkei.base.kept import DamagedError, parsed, problem_of

_HEAD = re.compile(
    rb'\{"__ministack_format__": (\d+), "crc32": (\d+), (?:"number": (\d+), )?"payload": '
)
_NOTHING = b'"payload": {}}'
"""How the file of a service without content ends. MiniStack does not write it again."""
MARK = "or remove it: the journal is read as a whole"
ANEW = "or remove it and cloud/made.json: what is declared there is made anew, and empty"
FORMAT = 3
"""The latest format that the locked version of MiniStack writes and reads, for any service."""


def check(content: bytes) -> None:
    """Raises ValueError, TypeError, KeyError or AttributeError for a damaged file."""
    head = _HEAD.match(content)
    if head is None:
        document = parsed(content)
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


def check_entry(line: bytes) -> None:
    """Raises ValueError for a damaged line of the journal."""
    text = line if line.startswith(b"[") else line[9:].removesuffix(b"\n")
    json.loads(text)
    if text is not line and int(line[:9], 16) != zlib.crc32(text):
        raise ValueError("a line's checksum is wrong")


def check_mark(content: bytes) -> int:
    """The number of the last entry in a snapshot. Raises ValueError for a damaged one."""
    number = int(content.rpartition(b" ")[2])
    marked = b"crc32 %08x %d" % (zlib.crc32(b"%d" % number), number)
    if content not in (b"%d" % number, marked):
        raise ValueError("its checksum is wrong")
    return number


def older(folder: Path) -> Iterator[DamagedError]:
    """The files of an earlier snapshot than the last one; and the mark, if it is of none."""
    mark, last = folder / "journal.mark", 0
    with suppress(ValueError):
        last = check_mark(bytes_of(mark) or b"0")
    numbers = {file: _number(bytes_of(file) or b"") for file in matching(folder, "*.json")}
    known = {file: number for file, number in numbers.items() if number is not None}
    if known and last > max(known.values()):
        yield DamagedError(mark, f"no snapshot ends with entry {last}", MARK)
    for file, number in known.items():
        if number < last and not (bytes_of(file) or b"").endswith(_NOTHING):
            yield DamagedError(file, f"it is older than {mark.name} says: an older copy", ANEW)


def _number(content: bytes) -> int | None:
    head = _HEAD.match(content)
    return int(head[3]) if head is not None and head[3] is not None else None


def require_whole(folder: Path) -> None:
    """Raises DamagedError for the first file that is damaged."""
    for file in sorted(folder.glob("*.json")):
        try:
            check(file.read_bytes())
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise DamagedError(file, problem_of(error)) from None
    for found in older(folder):
        raise found
