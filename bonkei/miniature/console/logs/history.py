"""A search in everything that this machine's log files keep, from the newest line on.

Each file has at most two generations of a bounded size, so all of them are read. What ends a search
earlier is its patience alone, and the answer says how far it came.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import count
from operator import attrgetter
from os import fstat
from pathlib import Path
from typing import BinaryIO

from bonkei.miniature.console.logs.rows import MOST_ROWS
from bonkei.miniature.console.logs.wish import PATIENCE, Found, Numbered, Wish
from bonkei.miniature.log_files.files import label_of, present, records_of

_BLOCK = 1024 * 1024  # bytes that are read at once
_BEGINS = re.compile(rb"^\d{4}-\d\d-\d\d[T ]", re.MULTILINE)  # a line with a time of its own


def search(directory: Path, wish: Wish, patience: float = PATIENCE) -> Found:
    """The newest wanted records in order of time."""
    end = time.monotonic() + patience
    with ExitStack() as opened:
        files = [each for each in present(directory) if wish.log in ("", label_of(each))]
        numbers = count(-1, -1)
        readers = [_Backwards(each, wish, opened, numbers) for each in files]
        unread = readers
        while unread := [each for each in unread if each.read_on()]:
            if time.monotonic() > end:
                break
    records = [one for each in readers for one in each.found]
    records.sort(key=attrgetter("record.time"))
    return Found(
        records[-MOST_ROWS:],
        more=len(records) > MOST_ROWS,
        looked_at=sum(each.lines for each in readers),
        back_to=max((each.oldest for each in unread), default=""),
    )


class _Backwards:
    """One log, block by block from its end to the beginning of its rotated predecessor."""

    def __init__(self, file: Path, wish: Wish, opened: ExitStack, numbers: Iterator[int]) -> None:
        self._file = file
        self._wish = wish
        self._numbers = numbers
        self._blocks = _blocks(_generations(file, opened))
        self._needed = [text.encode() for text in (wish.request, wish.task) if text]
        self.found: list[Numbered] = []
        self.lines = 0
        self.oldest = ""

    def read_on(self) -> bool:
        """One block. Whether earlier ones may have more of what is wanted."""
        block = next(self._blocks, None)
        if block is None:
            return False
        self.oldest = block[:19].decode("ascii", "replace").replace(" ", "T")
        self.lines += block.count(b"\n")
        if all(text in block for text in self._needed):  # else no record of it can be wanted
            lines = block.decode("utf-8", "replace").split("\n")[:-1]
            self.found[:0] = filter(self._wish, self._records(lines))
        return len(self.found) <= MOST_ROWS and self.oldest >= self._wish.since[:19]

    def _records(self, lines: list[str]) -> Iterator[Numbered]:
        for record in records_of(self._file, lines):
            yield Numbered(next(self._numbers), record)


def _generations(file: Path, opened: ExitStack) -> list[BinaryIO]:
    """The log and its predecessor. Where it is rotated between, it is both: it is read once."""
    handles: list[BinaryIO] = []
    for path in (file, file.with_name(f"{file.name}.1")):
        with suppress(FileNotFoundError):
            handles.append(opened.enter_context(path.open("rb")))
    return list({fstat(each.fileno()).st_ino: each for each in handles}.values())


def _blocks(generations: list[BinaryIO]) -> Iterator[bytes]:
    """Whole lines, the newest block first. A block begins with a line that has a time, because the
    lines below belong to it. The last line is not there until it has its end. One traceback in a
    megabyte may lose the level of its later lines."""
    rest = b""
    for handle in generations:
        at = handle.seek(0, 2)
        while at > 0:
            size = min(_BLOCK, at)
            at -= size
            handle.seek(at)
            data = handle.read(size) + rest
            begins = _BEGINS.search(data, data.find(b"\n") + 1 if at else 0)
            cut = begins.start() if begins is not None else len(data)
            rest = data[:cut]
            if whole := data[cut : data.rfind(b"\n") + 1]:
                yield whole
    if rest.endswith(b"\n"):
        yield rest
