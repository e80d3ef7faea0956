"""The last records of this machine's growing log files. They are read in a thread."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

from bonkei.miniature.console.logs.wish import Numbered
from bonkei.miniature.log_files.files import label_of, present, records_of
from bonkei.miniature.log_files.record import Record

_KEPT = 1_000  # records of a file
_KEPT_CHARACTERS = 1_000_000
_SEVERITIES = ("ERROR: ", "FATAL: ", "PANIC: ")  # of PostgreSQL: each begins a message
_FIRST, _MORE = 256 * 1024, 1024 * 1024  # bytes that a look reads at most


class LocalTails:
    """`look` in one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tails: dict[Path, _Tail] = {}
        self._numbers = count(1)
        self._sorted: list[Numbered] | None = []

    def look(self) -> tuple[list[str], list[Numbered]]:
        """The labels of all logs, and the last records in order of time."""
        self._read_on()
        if self._sorted is None:
            every = [one for tail in self._tails.values() for one in tail.records]
            self._sorted = sorted(every, key=lambda one: (one.record.time, one.number))
        return sorted({label_of(file) for file in self._tails}), self._sorted

    def errors(self, since: str) -> int:
        """How many errors were logged since then; at most `_KEPT` of each file."""
        self._read_on()
        every = (time for tail in self._tails.values() for time in tail.errors)
        return sum(time >= since for time in every)

    def _read_on(self) -> None:
        files = present(self._directory)
        gone = self._tails.keys() - set(files)
        for file in gone:
            del self._tails[file]
        tails = [self._tails.setdefault(file, _Tail(file, self._numbers)) for file in files]
        changes = [tail.read_on() for tail in tails]
        if any(changes) or gone:
            self._sorted = None

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
        self.errors: deque[str] = deque(maxlen=_KEPT)  # their times

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
        if _is_an_error(record, self.records[-1].record if self.records else None):
            self.errors.append(record.time)
        self.records.append(Numbered(next(self._numbers), record))
        self._characters += len(record.text)
        while len(self.records) > _KEPT or self._characters > _KEPT_CHARACTERS:
            self._characters -= len(self.records.popleft().record.text)


def _is_an_error(record: Record, before: Record | None) -> bool:
    """Not a further line of the one before, as of a traceback or of what PostgreSQL says."""
    if not record.is_at_least("ERROR"):
        return False
    goes_on = (
        before is not None
        and before.is_at_least("ERROR")
        and before.task == record.task
        and before.fields is None
        and record.fields is None
    )
    return not goes_on or any(word in record.text for word in _SEVERITIES)
