"""`bonkei logs --destination s3`: the lines of logs that are objects of buckets.

Program logs of a log router, and logs of AWS's services: JSON lines, CloudFront's columns, a load
balancer's entries. Objects are read where the store keeps them, even while nothing runs.
"""

from __future__ import annotations

import gzip
import re
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from bonkei.base.folders import below, matching
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.log_files.record import Record, read

_POLL = 1.0  # seconds between two looks for new objects
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?")
_DATED = re.compile(r"/(?:year=)?\d{4}/.*|/[^/]*$")


@dataclass(frozen=True, slots=True)
class LogObject:
    """An object with log lines. `folder` is its key without the parts that differ between
    objects."""

    path: Path
    key: str

    @property
    def folder(self) -> str:
        return _DATED.sub("", self.key)

    def is_of(self, service: str) -> bool:
        """Whether a part of its folder is the name, or its last word."""
        return any(service in (p, p.rpartition("-")[2]) for p in self.folder.split("/"))


@dataclass(slots=True)
class LogObjects:
    """The log objects of all buckets, or those of a service."""

    directory: Path
    service: str | None = None
    _seen: set[Path] = field(default_factory=set)

    def found(self) -> list[LogObject]:
        """Return the log objects in no particular order. Compressed objects are logs. An
        application's own objects are not."""
        found = (
            LogObject(path, path.relative_to(bucket).as_posix())
            for bucket in matching(self.directory, "*/*")
            for path in below(bucket, ".gz")
        )
        return [each for each in found if self.service is None or each.is_of(self.service)]

    def last(
        self, wanted: Callable[[Record], bool], since: str, count: int | None
    ) -> tuple[list[Record], int]:
        """Return the last records in order of time, and the width of the longest label. Raises
        MiniatureError if there are no objects."""
        objects = self.found()
        if not objects:
            named = f" of {self.service}" if self.service else ""
            raise MiniatureError(
                f"no log{named} is in a bucket yet",
                remedy="wait for the next object: log routers upload each minute, load balancers "
                "and CloudFront as [logs] time_factor in bonkei.toml says",
            )
        self._seen = {each.path for each in objects}
        records = filter(wanted, self._records(objects, since))
        kept = records if count is None else deque(records, maxlen=count)
        return list(kept), max(len(each.folder) for each in objects)

    def follow(self) -> Iterator[Record]:
        """The lines of new objects as they come. Does not end."""
        while True:
            new = [each for each in self.found() if each.path not in self._seen]
            self._seen.update(each.path for each in new)
            yield from self._records(new, "")
            time.sleep(_POLL)

    def _records(self, objects: Iterable[LogObject], since: str) -> list[Record]:
        """An object that was written before `since` contains nothing later."""
        start = datetime.fromisoformat(since).timestamp() if since else 0.0
        found = [
            record
            for each in objects
            if _written(each.path) >= start
            for record in records_of(each.folder, _lines(each.path))
        ]
        return sorted(found, key=attrgetter("time"))


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it has expired meanwhile
        return -1.0


def _lines(path: Path) -> list[str]:
    """Read the lines of an object. There are none if it is not a log or no longer exists."""
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error):
        return []
    return text.splitlines() if "\0" not in text[:1000] else []


def records_of(label: str, lines: Iterable[str]) -> Iterator[Record]:
    """The records of one object's lines."""
    names: list[str] = []
    for line in lines:
        if line.startswith("#"):
            if line.startswith("#Fields:"):
                names = line.removeprefix("#Fields:").split()
        elif names:
            yield _columns(label, names, line)
        elif line.startswith("{"):
            yield _json(label, line)
        elif line:
            moment = _MOMENT.search(line, 0, 60)
            yield Record(label, _iso(moment[0]) if moment else "", line, line)


def _columns(label: str, names: list[str], line: str) -> Record:
    fields = dict(zip(names, line.split("\t"), strict=False))
    shown = (fields.get(name, "") for name in ("cs-method", "cs-uri-stem", "sc-status"))
    moment = f"{fields.get('date', '')}T{fields.get('time', '')}"
    return Record(
        label,
        _iso(moment) if _MOMENT.fullmatch(moment) else "",
        line,
        " ".join(filter(None, shown)) or line,
        request_id=fields.get("x-edge-request-id", ""),
        fields=fields,
    )


def _json(label: str, line: str) -> Record:
    [record] = read(label, "container", [f"1970-01-01T00:00:00.000Z - {line}"])
    fields = record.fields or {}
    asked = fields.get("httpRequest")
    if isinstance(asked, dict):  # AWS WAF's
        shown = f"{fields.get('action')} {asked.get('httpMethod')} {asked.get('uri')}"
        record = replace(record, message=shown, request_id=str(asked.get("requestId") or ""))
    return replace(record, time=_time(fields), task=str(fields.get("container_id") or "")[:32])


def _time(fields: Any) -> str:
    for name in ("time", "date", "timestamp"):
        value = fields.get(name)
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            return _iso(value)
        if isinstance(value, (int, float)) and value > 0:
            seconds = value / 1000 if value > 1e11 else float(value)
            return _iso(datetime.fromtimestamp(seconds, UTC).isoformat())
    return ""


def _iso(text: str) -> str:
    """With milliseconds and a Z, as `Record.time`."""
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
