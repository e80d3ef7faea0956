"""One line of a log as a record: its time, its level, its message. Pure, without files.

JSON records are read by the member names of common loggers (Python's, structlog, pino, zap,
logback's encoder). Missing members are left out. Other lines stay unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from bonkei.base.tracebacks import exception_of, fields_of, text_of, value_of

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "FATAL")
Kind = Literal["container", "database", "supervisor"]

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z| UTC:?)? ?")
_SEVERITY = re.compile(r"(?:^|:)(DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC): ")
_PART = re.compile(r"(?:^|:)(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION): ")
_COMMENT = re.compile(r"/\*.*?request_id='([^']+)'.*?\*/")
_BEGINS = re.compile(r"\W{0,2}(TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b")
_TRACEBACK = "Traceback (most recent call last)"
_SPELLINGS = {
    "TRACE": "DEBUG", "NOTICE": "INFO", "LOG": "INFO", "WARN": "WARNING", "ERR": "ERROR",
    "CRITICAL": "FATAL", "PANIC": "FATAL", "ALERT": "FATAL", "EMERGENCY": "FATAL",
}  # fmt: skip
_NUMBERS = (
    (60, "FATAL"),
    (50, "ERROR"),
    (40, "WARNING"),
    (30, "INFO"),
    (0, "DEBUG"),
)  # pino, bunyan

_MESSAGE = ("message", "msg", "event")
_LEVEL = ("level", "levelname", "severity", "log.level", "lvl")
_REQUEST = ("request_id", "requestId", "req_id", "correlation_id", "trace_id", "traceId")


@dataclass(frozen=True, slots=True)
class Record:
    """`time`: UTC, ISO 8601 with milliseconds; empty if unknown. `text`: the line as its program
    wrote it. `fields`: its members, if it is JSON. `task`: the id of the container's task."""

    label: str
    time: str
    text: str
    message: str
    level: str = ""
    task: str = ""
    request_id: str = ""
    exception: str = ""
    fields: Mapping[str, Any] | None = None

    def is_at_least(self, level: str) -> bool:
        """A line without a level counts as INFO."""
        return LEVELS.index(self.level or "INFO") >= LEVELS.index(level)

    def as_dict(self) -> dict[str, Any]:
        """A record in the form of `bonkei logs --json`."""
        return {
            "time": self.time, "log": self.label, "task": self.task, "level": self.level,
            "message": self.message, "request_id": self.request_id, "exception": self.exception,
            "record": None if self.fields is None else dict(self.fields), "text": self.text,
        }  # fmt: skip


def read(label: str, kind: Kind, lines: Iterable[str]) -> Iterator[Record]:
    """The records of one log. A line without a time gets that of the previous line."""
    before = Record(label, "", "", "")
    in_traceback = False
    for line in lines:
        record = _record(label, kind, line, before)
        if kind == "container" and record.fields is None:
            # A traceback on stderr has many lines. Together they are one error.
            belongs = in_traceback and record.task == before.task
            in_traceback = record.text.startswith(_TRACEBACK) or (
                belongs and record.text.startswith((" ", "\t"))
            )
            if in_traceback or belongs:
                record = replace(record, level="ERROR")
        elif kind == "container":
            in_traceback = False
        yield record
        before = record


def with_requests(records: Iterable[Record]) -> Iterator[Record]:
    """A database's records. Each has the request that a comment in its statement names.

    PostgreSQL writes a message in one piece: an error, its details, its statement.
    """
    together: list[Record] = []
    for record in records:
        begins = _SEVERITY.search(record.text) is not None and not record.text.startswith("\t")
        if begins and together:
            yield from _of_one_request(together)
            together = []
        together.append(record)
    yield from _of_one_request(together)


def _of_one_request(together: list[Record]) -> Iterator[Record]:
    found = _COMMENT.search("\n".join(record.text for record in together))
    identifier = found[1] if found else ""
    return (replace(record, request_id=identifier) for record in together)


def _record(label: str, kind: Kind, line: str, before: Record) -> Record:
    found = _MOMENT.match(line)
    if found is None:
        return Record(label, before.time, line, line, before.level, before.task)
    time, text = _milliseconds(found[1], found[2]), line[found.end() :]
    if kind == "database":
        severity = _SEVERITY.search(text)
        level = _level(severity[1]) if severity else ""
        if severity is None and _PART.search(text):
            level = before.level
        return Record(label, time, text, text, level)
    if kind == "supervisor":
        level = "ERROR" if text.lstrip().startswith(("error:", "✗")) else "INFO"
        return Record(label, time, text, text, level)
    task, _, text = text.partition(" ")
    fields = fields_of(text)
    if fields is None:
        begins = _BEGINS.match(text)
        return Record(label, time, text, text, _level(begins[1]) if begins else "", task)
    return Record(
        label, time, text,
        message=text_of(fields, _MESSAGE) or text,
        level=_level(value_of(fields, _LEVEL)),
        task=task,
        request_id=text_of(fields, _REQUEST),
        exception=exception_of(fields),
        fields=fields,
    )  # fmt: skip


def _milliseconds(day: str, clock: str) -> str:
    whole, _, fraction = clock.partition(".")
    return f"{day}T{whole}.{fraction[:3]:0<3}Z"


def _level(given: Any) -> str:
    if isinstance(given, int) and not isinstance(given, bool):
        return next(name for least, name in _NUMBERS if given >= least or not least)
    word = str(given).upper().rstrip("12345")
    word = _SPELLINGS.get(word, word)
    return word if word in LEVELS else ""


def parse_since(given: str, now: datetime) -> str:
    """`10m`, `2h`, `30s`, `1d`, or an ISO 8601 time (UTC without a zone), in the form of
    `Record.time`. Raises ValueError for other text."""
    if found := re.fullmatch(r"(\d{1,6})([smhd])", given):
        seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
        moment = datetime.fromtimestamp(max(0.0, now.timestamp() - seconds), UTC)
    else:
        moment = datetime.fromisoformat(given)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
