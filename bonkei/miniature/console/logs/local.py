"""The last records of this machine's growing log files; and a search in them.

Both read in a thread, and only a bounded part of each file.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from operator import attrgetter
from pathlib import Path

from bonkei.miniature.console.logs.rows import MOST_ROWS
from bonkei.miniature.console.logs.wish import Numbered, Wish
from bonkei.miniature.log_files.files import label_of, present, records_of
from bonkei.miniature.log_files.record import Record

_KEPT = 1_000  # records of a file
_KEPT_CHARACTERS = 1_000_000
_FIRST, _MORE = 256 * 1024, 1024 * 1024  # bytes that a look reads at most
_SEARCHED = 16 * 1024 * 1024  # the most bytes of a file that a search reads
_PATIENCE = 3.0  # seconds of a search


class LocalTails:
    """`look` in one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tails: dict[Path, _Tail] = {}
        self._numbers = count(1)
        self._sorted: list[Numbered] = []

    def look(self) -> tuple[list[str], list[Numbered]]:
        """The labels of all logs, and the last records in order of time."""
        files = present(self._directory)
        gone = self._tails.keys() - set(files)
        for file in gone:
            del self._tails[file]
        tails = [self._tails.setdefault(file, _Tail(file, self._numbers)) for file in files]
        changes = [tail.read_on() for tail in tails]
        if any(changes) or gone:
            every = [one for tail in tails for one in tail.records]
            self._sorted = sorted(every, key=lambda one: (one.record.time, one.number))
        return sorted({label_of(file) for file in files}), self._sorted

    def forget(self) -> None:
        """No page looks any more."""
        self._tails.clear()
        self._sorted = []


class _Tail:
    """The end of one file. It starts again when the file does."""

    def __init__(self, file: Path, numbers: Iterator[int]) -> None:
        self._file = file
        self._numbers = numbers
        self._at = -1
        self._inode = 0
        self._rest = b""
        self._characters = 0
        self.records: deque[Numbered] = deque()

    def read_on(self) -> bool:
        """Whether there are new records."""
        before = self._newest
        with suppress(FileNotFoundError), self._file.open("rb") as handle:
            self._read(handle.fileno())
        return self._newest != before

    @property
    def _newest(self) -> int:
        return self.records[-1].number if self.records else 0

    def _read(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        size = status.st_size
        if self._at < 0:
            start = max(0, size - _FIRST)
        else:
            is_new = size < self._at or status.st_ino != self._inode
            start = max(0 if is_new else self._at, size - _MORE)
            if is_new or start > self._at:
                self._rest = b""
        self._inode = status.st_ino
        is_within_a_line = start > 0 and start != self._at
        data = self._rest + os.pread(descriptor, size - start, start)
        self._at = size
        *whole, self._rest = data.split(b"\n")
        self._rest = self._rest[-_FIRST:]
        lines = [line.decode("utf-8", "replace") for line in whole[is_within_a_line:]]
        for record in records_of(self._file, lines):
            self._keep(record)

    def _keep(self, record: Record) -> None:
        """A line without a time has the time of the previous line, also from an earlier look."""
        if not record.time and self.records:
            record = replace(record, time=self.records[-1].record.time)
        self.records.append(Numbered(next(self._numbers), record))
        self._characters += len(record.text)
        while len(self.records) > _KEPT or self._characters > _KEPT_CHARACTERS:
            self._characters -= len(self.records.popleft().record.text)


def search(directory: Path, wish: Wish) -> tuple[list[Numbered], bool]:
    """The newest wanted records in order of time; and whether there may be more that were not
    searched."""
    found: list[Numbered] = []
    end, numbers, more = time.monotonic() + _PATIENCE, count(1), False
    for file in present(directory):
        if wish.log and label_of(file) != wish.log:
            continue
        newest: deque[Numbered] = deque(maxlen=MOST_ROWS)
        lines, is_whole = _ending(file, wish)
        more = more or not is_whole
        for number, record in enumerate(records_of(file, lines)):
            one = Numbered(next(numbers), record)
            if wish(one):
                more = more or len(newest) == MOST_ROWS
                newest.append(one)
            if number % 500 == 0 and time.monotonic() > end:
                more = True
                break
        found += newest
    found.sort(key=attrgetter("record.time"))
    return found[-MOST_ROWS:], more or len(found) > MOST_ROWS


def _ending(file: Path, wish: Wish) -> tuple[list[str], bool]:
    """The last lines of a log within the wanted time, including its rotated predecessor; and
    whether these are all."""
    parts: list[bytes] = []
    left, is_whole = _SEARCHED, True
    for path in (file, file.with_name(f"{file.name}.1")):
        try:
            with path.open("rb") as handle:
                size = handle.seek(0, os.SEEK_END)
                handle.seek(max(0, size - left))
                data = handle.read(left)
        except FileNotFoundError:
            continue
        if size > left:
            is_whole = False
            data = data.partition(b"\n")[2]
        parts.insert(0, data)
        left = max(0, left - size)
    text = b"".join(parts).decode("utf-8", "replace")
    lines = [line for line in text.split("\n")[:-1] if _may_be_wanted(line, wish)]
    reaches = bool(wish.since and lines and text[:19].replace(" ", "T") < wish.since[:19])
    return lines, is_whole or reaches


def _may_be_wanted(line: str, wish: Wish) -> bool:
    """By the time at the beginning, to the second. A line without a time may belong to another
    line."""
    if not line[:1].isdigit():
        return True
    second = line[:19].replace(" ", "T", 1)
    return second >= wish.since[:19] and (not wish.until or second <= wish.until[:19])
