"""Inputs `dummy`, `tcp` and `tail`. Sources: pipeline/inputs, each by its name."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import glob
from pathlib import Path
from typing import TypeVar

from bonkei.logs.router.configuration import values
from bonkei.logs.router.configuration.model import Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.inputs import Ingest
from bonkei.logs.router.parsing.json_text import parse_json
from bonkei.logs.router.parsing.multiline import MultilineParser, Stream
from bonkei.logs.router.parsing.parsers import Parse
from bonkei.logs.router.records import Event, Record

_LOOK = 1.0  # seconds between two looks at files
_READ = 1024 * 1024
_Known = TypeVar("_Known")


class DummyInput:
    """A record every interval; for tests."""

    def __init__(self, section: Section, ingest: Ingest) -> None:
        text = section.text("dummy", '{"message":"dummy"}')
        record = parse_json(text)
        if record is None:
            raise RouterError(
                f"{section.place}: dummy is no JSON object", remedy="give it a record"
            )
        self._record = record
        self._tag = section.text("tag", "dummy.0")
        self._samples = values.number(section, "samples", 0)
        self._copies = values.number(section, "copies", 1)
        rate = values.number(section, "rate", 1)
        interval = values.number(section, "interval_sec", 0)
        self._wait = float(interval) if interval else 1.0 / max(rate, 1)
        self._start = values.number(section, "start_time_sec", -1)
        self._fixed = values.flag(section, "fixed_timestamp", default=False)
        self._ingest = ingest
        self._job: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._job = asyncio.get_running_loop().create_task(self._run())

    def pause(self, *, paused: bool) -> None:
        """Nothing to do: its interval limits it."""

    async def drain(self) -> None:
        if self._job is not None:
            self._job.cancel()
            await asyncio.gather(self._job, return_exceptions=True)

    def close(self) -> None:
        if self._job is not None:
            self._job.cancel()

    async def _run(self) -> None:
        made = 0
        while not self._samples or made < self._samples:
            moment = time.time_ns()
            if self._start >= 0:
                moment = (self._start + (0 if self._fixed else made)) * 1_000_000_000
            self._ingest(self._tag, [(moment, dict(self._record)) for _ in range(self._copies)])
            made += 1
            await asyncio.sleep(self._wait)


class TcpInput:
    """Lines, or JSON objects one after another. ECS's health check sends such a line."""

    def __init__(self, section: Section, ingest: Ingest) -> None:
        self._host = section.text("listen", "0.0.0.0")  # noqa: S104 - Fluent Bit's default
        self._port = values.number(section, "port", 5170)
        self._tag = section.text("tag", "tcp.0")
        form = section.text("format", "json").lower()
        if form not in ("json", "none"):
            raise RouterError(f"{section.place}: format {form} is not known", remedy="use json")
        self._json = form == "json"
        self._separator = section.text("separator", "\n").replace("\\n", "\n").encode()
        self._ingest = ingest
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self._port)

    def pause(self, *, paused: bool) -> None:
        """There is nothing to do: a health check is not a record."""

    async def drain(self) -> None:
        if self._server is not None:
            self._server.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = b""
        while data := await reader.read(_READ):
            *lines, rest = (rest + data).split(self._separator)
            self._take(lines)
        self._take([rest])
        writer.close()

    def _take(self, lines: Iterable[bytes]) -> None:
        events: list[Event] = []
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if not text:
                continue
            if not self._json:
                events.append((time.time_ns(), {"log": text}))
            elif (record := parse_json(text)) is not None:
                events.append((time.time_ns(), record))
        if events:
            self._ingest(self._tag, events)


@dataclass(slots=True)
class _Followed:
    path: Path
    inode: int
    offset: int
    rest: bytes = b""
    stream: Stream | None = None


class TailInput:
    """Lines of files. `db` keeps the position in each, so that a restart continues there."""

    def __init__(
        self,
        section: Section,
        ingest: Ingest,
        parsers: Mapping[str, Parse],
        multiline: Mapping[str, MultilineParser],
    ) -> None:
        self._section = section
        self._patterns = section.listed("path")
        self._excluded = section.listed("exclude_path")
        self._key = section.text("key", "log")
        self._path_key = section.text("path_key")
        self._offset_key = section.text("offset_key")
        self._head = values.flag(section, "read_from_head", default=False)
        self._new_head = values.flag(section, "read_newly_discovered_files_from_head", default=True)
        self._skip_empty = values.flag(section, "skip_empty_lines", default=False)
        self._tag = section.text("tag", "tail.0")
        self._parse = _named(section, "parser", parsers)
        names = section.listed("multiline.parser")
        self._multiline = [_of(section, "multiline.parser", name, multiline) for name in names]
        self._db = Path(section.text("db")) if section.text("db") else None
        self._ingest = ingest
        self._files: dict[Path, _Followed] = {}
        self._job: asyncio.Task[None] | None = None
        self._paused = False
        self._first = True
        self._known: dict[tuple[str, int], int] = {}

    async def start(self) -> None:
        self._known = self._read_db()
        self._job = asyncio.get_running_loop().create_task(self._run())

    def pause(self, *, paused: bool) -> None:
        self._paused = paused

    async def drain(self) -> None:
        if self._job is not None:
            self._job.cancel()
            await asyncio.gather(self._job, return_exceptions=True)
        with suppress(OSError):
            self.look()
        for file in self._files.values():
            if file.stream is not None:
                self._emit(file, file.stream.take())

    def close(self) -> None:
        if self._job is not None:
            self._job.cancel()

    async def _run(self) -> None:
        while True:
            if not self._paused:
                with suppress(OSError):  # no descriptor is left, or no room for the positions
                    self.look()
            await asyncio.sleep(_LOOK)

    def look(self) -> None:
        """Read the new lines of every file that matches."""
        for pattern in self._patterns:
            for name in sorted(glob(pattern)):  # noqa: PTH207 - absolute patterns
                path = Path(name)
                if not any(fnmatch(name, each) for each in self._excluded) and path.is_file():
                    with suppress(FileNotFoundError):  # it is being rotated
                        self._read(path)
        self._first = False
        self._write_db()

    def _read(self, path: Path) -> None:
        file = self._files.get(path)
        status = path.stat()
        if file is None or file.inode != status.st_ino or status.st_size < file.offset:
            file = self._files[path] = self._open(path, status.st_ino, status.st_size, file)
        with path.open("rb") as opened:
            opened.seek(file.offset)
            while data := opened.read(_READ):
                file.offset += len(data)
                *lines, file.rest = (file.rest + data).split(b"\n")
                self._lines(file, lines)
        due = file.stream.deadline() if file.stream is not None else None
        if file.stream is not None and due is not None and time.time() >= due:
            self._emit(file, file.stream.take())

    def _open(self, path: Path, inode: int, size: int, before: _Followed | None) -> _Followed:
        offset = 0
        if before is None:
            from_head = self._head or (not self._first and self._new_head)
            offset = self._known.get((str(path), inode), 0 if from_head else size)
        stream = Stream(self._multiline, self._key) if self._multiline else None
        return _Followed(path, inode, min(offset, size), stream=stream)

    def _lines(self, file: _Followed, lines: Sequence[bytes]) -> None:
        events: list[Event] = []
        now = time.time()
        for line in lines:
            text = line.decode("utf-8", "replace").removesuffix("\r")
            if not text and self._skip_empty:
                continue
            if file.stream is None:
                events.append(self._event(text, now))
                continue
            events += file.stream.feed((int(now * 1e9), {self._key: text}), now)
        self._emit(file, events)

    def _event(self, text: str, now: float) -> Event:
        found = self._parse(text, now) if self._parse is not None else None
        if found is None:
            return int(now * 1e9), {self._key: text}
        record, moment = found
        return (int(now * 1e9) if moment is None else moment), record

    def _emit(self, file: _Followed, events: Sequence[Event]) -> None:
        if not events:
            return
        added: Record = {}
        if self._path_key:
            added[self._path_key] = str(file.path)
        if self._offset_key:
            added[self._offset_key] = file.offset
        tag = self._tag.replace("*", str(file.path).strip("/").replace("/", "."))
        self._ingest(tag, [(moment, {**record, **added}) for moment, record in events])

    def _read_db(self) -> dict[tuple[str, int], int]:
        """A format of our own. Fluent Bit uses SQLite, but no other program reads the file."""
        if self._db is None or not self._db.is_file():
            return {}
        try:
            return {
                (path, inode): offset for path, inode, offset in json.loads(self._db.read_text())
            }
        except (ValueError, TypeError):
            return {}

    def _write_db(self) -> None:
        if self._db is not None:
            self._db.parent.mkdir(parents=True, exist_ok=True)
            kept = [
                [str(file.path), file.inode, file.offset - len(file.rest)]
                for file in self._files.values()
            ]
            draft = self._db.with_name(f"{self._db.name}.new")
            draft.write_text(json.dumps(kept))
            draft.replace(self._db)


def _named(section: Section, key: str, parsers: Mapping[str, Parse]) -> Parse | None:
    name = section.text(key)
    return _of(section, key, name, parsers) if name else None


def _of(section: Section, key: str, name: str, known: Mapping[str, _Known]) -> _Known:
    if name not in known:
        at = section.find(key) or section
        raise RouterError(f"{at.place}: no parser is named {name}", remedy="define it")
    return known[name]
