"""The log files on this machine, each with its rotated predecessor."""

from __future__ import annotations

import heapq
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from bonkei.base.folders import matching, stat_of
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.log_files.record import Kind, Record, read, with_requests
from bonkei.services.logs.delivery.tail import read_on

_POLL = 0.2  # seconds between two looks at the files
_SUPERVISOR = "bonkei"
_DATABASE = "postgresql"


class Wanted(Protocol):
    """The records to show. `is_rare`: more lines must be read than are shown."""

    @property
    def since(self) -> str: ...
    @property
    def is_rare(self) -> bool: ...
    def __call__(self, record: Record) -> bool: ...


def present(directory: Path) -> list[Path]:
    """The logs of this moment. A log that is being rotated is not among them."""
    return matching(directory, "*.log") + matching(directory, "*/*.log")


def log_files(directory: Path, service: str | None) -> list[Path]:
    """MiniatureError without any, and for an unknown service."""
    found = present(directory)
    if not found:
        raise MiniatureError("there are no logs yet", remedy="start the miniature with `bonkei up`")
    if service is None:
        return found
    wanted = [file for file in found if service in _names(file)]
    if not wanted:
        known = ", ".join(sorted({label_of(file) for file in found}))
        raise MiniatureError(f"nothing named {service} has logs", remedy=f"there are: {known}")
    return wanted


def _names(file: Path) -> set[str]:
    """A log is found by its service's name, its container's name, and the last word of the
    service's name."""
    service = file.parent.name
    return {label_of(file), service, file.stem, service.rpartition("-")[2]}


def label_of(file: Path) -> str:
    return file.stem if file.parent.name == "logs" else f"{file.parent.name}/{file.stem}"


def _kind(file: Path) -> Kind:
    if file.parent.name == "logs" and file.stem == _SUPERVISOR:
        return "supervisor"
    return "database" if file.stem == _DATABASE else "container"


def records_of(file: Path, lines: Iterable[str]) -> Iterator[Record]:
    """The records of a log's lines, in the format of its kind of program."""
    kind = _kind(file)
    records = read(label_of(file), kind, lines)
    return with_requests(records) if kind == "database" else records


def last(files: list[Path], wanted: Wanted, count: int | None) -> Iterable[Record]:
    """The last `count` (None: all) records of all files together, in order of time."""

    def lines(file: Path) -> Iterable[str]:
        kept = _kept(file, wanted.since)
        # Without a filter, each line counts. So only the last ones are read.
        return kept if count is None or wanted.is_rare else deque(kept, maxlen=count)

    streams = [filter(wanted, records_of(file, lines(file))) for file in files]
    merged = heapq.merge(*streams, key=attrgetter("time"))
    return merged if count is None else deque(merged, maxlen=count)


def _kept(file: Path, since: str) -> Iterator[str]:
    """The lines of a log from a time on, including its rotated predecessor."""
    for path in (file.with_name(f"{file.name}.1"), file):
        with (
            suppress(FileNotFoundError),
            path.open(encoding="utf-8", errors="replace", newline="\n") as lines,
        ):
            for line in lines:
                second = line[:19].replace(" ", "T", 1)  # which PostgreSQL writes
                if not (since and line[:1].isdigit() and second < since[:19]):
                    yield line.rstrip("\n")


def lines_with(directory: Path, wanted: Iterable[str], since: str) -> list[Record]:
    """The records with one of these texts, from a time on (in the form of `Record.time`), in order
    of time. Only the last `ENDING` bytes of each file are read."""
    texts = tuple(wanted)
    found: list[Record] = []
    for file in present(directory) if texts else ():
        lines = _ending(file)
        if _kind(file) != "database":  # in these, a statement after the error names the request
            lines = [line for line in lines if any(text in line for text in texts)]
        elif not any(text in line for line in lines for text in texts):
            continue
        found += [
            record
            for record in records_of(file, lines)
            if record.time >= since
            and any(text in f"{record.text} {record.request_id} {record.task}" for text in texts)
        ]
    return sorted(found, key=attrgetter("time"))


ENDING = 2_000_000


def _ending(file: Path) -> list[str]:
    """Its last whole lines."""
    try:
        with file.open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(0, size - ENDING))
            lines = handle.read().decode("utf-8", "replace").split("\n")
    except FileNotFoundError:
        return []
    return lines[1:-1] if size > ENDING else lines[:-1]


class Follower:
    """Follows lines that are written after its creation, also in files that appear or are rotated
    meanwhile."""

    def __init__(self, directory: Path, service: str | None, known: list[Path]) -> None:
        self._directory = directory
        self._service = service
        self._places = {file: _end_of(file) for file in known}

    def records(self) -> Iterator[Record]:
        """Without an end."""
        while True:
            yield from self.new()
            time.sleep(_POLL)

    def new(self) -> list[Record]:
        """Those since the last call. Between a rotation and the next line, a log has no file."""
        files = present(self._directory)
        if self._service is not None:
            files = [file for file in files if self._service in _names(file)]
        return [record for file in files for record in records_of(file, self._new(file))]

    def _new(self, file: Path) -> list[str]:
        """Also what was written just before a rotation."""
        lines: list[str] = []
        with suppress(FileNotFoundError):  # rotated at this moment: the next call finds it
            more = True
            while more:
                piece = read_on(file, *self._places.get(file, (0, 0)))
                self._places[file], more = (piece.offset, piece.inode), piece.more
                lines += piece.lines
        return lines


def _end_of(file: Path) -> tuple[int, int]:
    """The size and the inode of a file: where its next lines begin."""
    found = stat_of(file)
    return (found.st_size, found.st_ino) if found else (0, 0)
