"""The destinations of containers' log lines.

A `LogSink` gets every line of every container. `FileLogSink` keeps files of bounded size. A log
router can take its place, because a line has its origin.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import SEEK_END, FileIO
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from bonkei.base.folders import matching
from bonkei.blueprint.ecs import Container, TaskDefinition

MAX_LINE = 16 * 1024  # bytes; Docker's log drivers split longer lines at the same length
_QUIET = 60.0  # seconds between two reports of lost lines
_TAIL = 64 * 1024  # bytes at the end of a file that are read for its last lines
_LONGEST_CHARACTER = 4  # bytes of UTF-8
_CONTINUES = 0x80  # 10xxxxxx
_UNSAFE = re.compile(r"[^\w.=+@-]")


@dataclass(frozen=True, slots=True)
class LogLine:
    """`group`: the service's name; for a task without a service, its family. `time`: Unix seconds.

    `stream` is stdout or stderr, or `bonkei` for the miniature's own messages.
    """

    group: str
    container: str
    task_id: str
    stream: str
    time: float
    text: str


class LogSink(Protocol):
    """Gets lines in the order in which they were read."""

    def write(self, lines: Sequence[LogLine]) -> None: ...
    def close(self) -> None: ...


class LogDriver(Protocol):
    """Sends one container's lines to the destination of its `logConfiguration`."""

    def write(self, stream: str, time: float, lines: Sequence[str]) -> None:
        """`stream` is stdout or stderr, `time` in Unix seconds."""

    async def writable(self) -> None:
        """Wait until more lines can be taken. A driver in blocking mode makes the program wait."""

    async def close(self) -> None:
        """The container has ended: send the rest."""


OpenLogDriver = Callable[[TaskDefinition, Container, str], Awaitable[LogDriver | None]]
"""Opens the log driver of a task's container before its start. None: its lines go only to the
`LogSink`. A BonkeiError prevents the start, as on ECS."""


async def no_log_driver(
    _definition: TaskDefinition, _container: Container, _task_id: str
) -> LogDriver | None:
    """Lines go to the `LogSink` alone."""
    return None


class CutLine(str):
    """A piece of a line that continues in the next one."""

    __slots__ = ()


class LineFramer:
    """Bytes in, lines out. A line above `limit` bytes comes in pieces, cut between characters.
    Every piece except the last one is a CutLine."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        *whole, rest = (self._rest + data).split(b"\n")
        lines = [piece for line in whole for piece in self._texts(line)]
        *full, self._rest = self._pieces(rest)
        return [*lines, *(CutLine(_text(piece)) for piece in full)]

    def finish(self) -> list[str]:
        """The last line, if it was not terminated."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest else []

    def _texts(self, line: bytes) -> list[str]:
        *full, last = self._pieces(line)
        return [*(CutLine(_text(piece)) for piece in full), _text(last)]

    def _pieces(self, line: bytes) -> list[bytes]:
        pieces: list[bytes] = []
        while len(line) > self._limit:
            end = self._limit
            while end > self._limit - _LONGEST_CHARACTER and line[end] & 0xC0 == _CONTINUES:
                end -= 1
            end = end if end > 0 and line[end] & 0xC0 != _CONTINUES else self._limit
            pieces.append(line[:end])
            line = line[end:]
        return [*pieces, line]


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", errors="replace")


class FileLogSink:
    """`<directory>/<group>/<container>.log`: time, task id and text of each line.

    A file that has reached `max_bytes` becomes `.log.1` and replaces the earlier one. Lines that
    the disk refuses are lost. `report` is called when this begins, and at the end with their
    number.
    """

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = 10 * 1024 * 1024,
        report: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._files: dict[Path, FileIO] = {}
        self._losses = _Losses(report, clock)

    def path(self, group: str, container: str) -> Path:
        return self._directory / _file_name(group) / f"{_file_name(container)}.log"

    def last_lines(self, group: str, task_id: str, count: int) -> list[str]:
        """The last lines of one task's containers in order of time, without times and ids."""
        found: list[tuple[str, str]] = []
        for path in matching(self._directory / _file_name(group), "*.log"):
            for line in _end_of(path).splitlines():
                time, _, rest = line.partition(" ")
                owner, _, text = rest.partition(" ")
                if owner == task_id:
                    found.append((time, text))
        return [text for _, text in sorted(found, key=itemgetter(0))[-count:]]

    def write(self, lines: Sequence[LogLine]) -> None:
        by_file: dict[Path, list[str]] = {}
        for line in lines:
            by_file.setdefault(self.path(line.group, line.container), []).append(_format(line))
        for path, texts in by_file.items():
            try:
                self._append(path, "".join(texts).encode())
            except OSError as error:
                if (file := self._files.pop(path, None)) is not None:
                    file.close()
                self._losses.add(path, len(texts), error)
            else:
                self._losses.end(path)

    def _append(self, path: Path, data: bytes) -> None:
        file = self._files.get(path) or self._open(path)
        while data:  # an almost full disk may write only a part
            data = data[file.write(data) :]
        if file.tell() >= self._max_bytes:
            self._files.pop(path).close()
            path.replace(path.with_name(f"{path.name}.1"))

    def _open(self, path: Path) -> FileIO:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = FileIO(path, "a+")
        self._files[path] = file
        if not _ends_with_a_line(file):
            file.write(b"\n")
        return file

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()


class _Losses:
    """Counts lost lines by file. A disk that is full from time to time is not reported each
    time."""

    def __init__(self, report: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._report = report
        self._clock = clock
        self._counts: dict[Path, int] = {}
        self._reported_at = -_QUIET
        self._is_reported = False

    def add(self, path: Path, count: int, error: OSError) -> None:
        if not self._counts and self._clock() - self._reported_at >= _QUIET:
            self._reported_at = self._clock()
            self._is_reported = True
            self._report(
                f"log lines are lost until the disk has space again: {path}: {error.strerror}"
            )
        self._counts[path] = self._counts.get(path, 0) + count

    def end(self, path: Path) -> None:
        """The disk accepts this file's lines again."""
        if path in self._counts:
            count = sum(self._counts.values())
            self._counts.clear()
            if self._is_reported:
                self._is_reported = False
                self._report(f"log lines are written again; {count} were lost")


def _ends_with_a_line(file: FileIO) -> bool:
    """Whether the last line is complete. The disk may have taken only a part of it."""
    size = file.seek(0, SEEK_END)
    if size == 0:
        return True
    file.seek(size - 1)
    return file.read(1) == b"\n"


def _end_of(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return file.read().decode("utf-8", errors="replace")


def _file_name(name: str) -> str:
    return _UNSAFE.sub("_", name).lstrip(".") or "_"


def _format(line: LogLine) -> str:
    time = datetime.fromtimestamp(line.time, UTC).isoformat(timespec="milliseconds")
    return f"{time.replace('+00:00', 'Z')} {line.task_id} {line.text}\n"


_KEPT = 200  # lines of a task


class Tails:
    """A sink that also keeps the last lines of the tasks that are followed."""

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink
        self._tails: dict[str, deque[str]] = {}

    def follow(self, task_id: str) -> None:
        self._tails[task_id] = deque(maxlen=_KEPT)

    def unfollow(self, task_id: str) -> tuple[str, ...]:
        return tuple(self._tails.pop(task_id, ()))

    def write(self, lines: Sequence[LogLine]) -> None:
        if self._tails:
            for line in lines:
                if (tail := self._tails.get(line.task_id)) is not None:
                    tail.append(line.text)
        self._sink.write(lines)

    def close(self) -> None:
        self._sink.close()
