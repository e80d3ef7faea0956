"""Really sends a request, and collects its access record, the calls that services made for it, and
the log lines about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from bonkei.base.tracebacks import raised
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.log_files.files import lines_with
from bonkei.miniature.log_files.record import Record
from bonkei.miniature.requests.asked import Asked
from bonkei.miniature.requests.traces import ids_of, spellings
from bonkei.services.edge import AccessRecord

Hear = Callable[[Callable[[AccessRecord], None]], Callable[[], None]]

LONGEST = 65.0  # seconds that an answer is waited for
_FAILED = HTTPStatus.INTERNAL_SERVER_ERROR
_OUTAGE = 300.0  # seconds before the request in which its cause may have been logged
_SETTLING = 2.0  # seconds for the programs' log lines to arrive
_LOOK = 0.1
_MOST_RECORDS = 2000
_MOST_LINES = 200
_MOST_BYTES = 1_000_000  # of a response that are read


@dataclass(frozen=True, slots=True)
class Sent:
    """`calls`: the records of the calls between services for this request, in order. `cause`: of a
    5xx; empty if it is not known."""

    record: AccessRecord
    calls: tuple[AccessRecord, ...] = ()
    lines: tuple[Record, ...] = ()
    cause: str = ""


async def send(asked: Asked, hear: Hear, logs: Path) -> Sent:
    """Send it from this machine. Raises MiniatureError if no answer comes."""
    records: list[AccessRecord] = []

    def keep(record: AccessRecord) -> None:
        if len(records) < _MOST_RECORDS:
            records.append(record)

    begun = time.time()
    forget = hear(keep)
    try:
        async with asyncio.timeout(LONGEST):
            port = await _exchange(asked)
        own = await _own_record(asked, port, records)
        sent = await _gather(own, records, logs, begun)
        if own.status < _FAILED:
            return sent
        return replace(sent, cause=await asyncio.to_thread(cause_of, sent, logs, begun))
    except TimeoutError:
        raise MiniatureError(
            f"no answer within {LONGEST:.0f} s", remedy="see `bonkei status` and `bonkei logs`"
        ) from None
    except OSError as error:
        raise MiniatureError(f"it could not be sent: {error.strerror or error}") from None
    finally:
        forget()


async def _exchange(asked: Asked) -> int:
    """Send it and read the answer. Returns our port, which identifies its record."""
    listener = asked.listener
    reader, writer = await asyncio.open_connection(listener.host, listener.port)
    try:
        port: int = writer.get_extra_info("sockname")[1]
        writer.write(asked.head + asked.body)
        read = 0
        while read < _MOST_BYTES and (data := await reader.read(65536)):
            read += len(data)
        return port
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _own_record(asked: Asked, port: int, records: list[AccessRecord]) -> AccessRecord:
    for _ in range(20):
        for record in records:
            if record.client_port == port and record.listener == asked.listener.address:
                return record
        await asyncio.sleep(_LOOK / 2)
    raise MiniatureError("the edge has no record of it", remedy="send it again")


async def _gather(own: AccessRecord, records: list[AccessRecord], logs: Path, begun: float) -> Sent:
    """Wait until the log lines of all involved programs exist, or until the time is over."""
    ids = ids_of(own.headers, own.trace_id)
    since = datetime.fromtimestamp(begun - 1, UTC).isoformat(timespec="milliseconds")
    end = time.monotonic() + (_SETTLING if own.task_id else 2 * _LOOK)
    lines: list[Record] = []
    while True:  # at least once, however busy the machine is
        known = len(lines)
        await asyncio.sleep(_LOOK)
        calls = related(own, records)
        lines = await asyncio.to_thread(lines_with, logs, spellings(ids), since)
        if time.monotonic() >= end or known == len(lines) > len(calls) + 1:
            return Sent(own, calls, tuple(lines[:_MOST_LINES]))


def cause_of(sent: Sent, logs: Path, begun: float) -> str:
    """The exception or the last error in the request's lines, else in the latest lines of the tasks
    that answered with 5xx: a program may log an outage once, and not for each request. The task
    that answered first counts first, because the others have waited for it."""
    failed = [one for one in (*sent.calls, sent.record) if one.status >= _FAILED]
    since = datetime.fromtimestamp(begun - _OUTAGE, UTC).isoformat(timespec="milliseconds")
    tasks = dict.fromkeys(one.task_id for one in failed if one.task_id)
    recent = lines_with(logs, tasks, since)
    for task in tasks:
        for lines in (sent.lines, recent):
            if found := _error(one for one in lines if one.task == task):
                return found
    return _error(sent.lines)


def _error(lines: Iterable[Record]) -> str:
    errors = [one for one in lines if one.is_at_least("ERROR")]
    texts = (text for one in errors for text in (one.exception or one.text).split("\n"))
    return raised(texts) or (errors[-1].message if errors else "")


def related(own: AccessRecord, records: list[AccessRecord]) -> tuple[AccessRecord, ...]:
    """The other records with one of the ids of this one."""
    ids = ids_of(own.headers, own.trace_id)
    return tuple(
        record
        for record in records
        if record is not own and ids & ids_of(record.headers, record.trace_id)
    )


def as_line(record: Record) -> dict[str, Any]:
    """A line for a page or the terminal. `database_ms`: the time in the database, as its program
    reports it."""
    fields = record.fields or {}
    spent = fields.get("database_ms")
    return {
        "time": record.time,
        "log": record.label,
        "task": record.task,
        "level": record.level,
        "message": record.message,
        "database_ms": spent if isinstance(spent, int | float) else None,
    }
