"""The course of one request: its steps, calls and log lines, with reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bonkei.miniature.log_files.record import Record
from bonkei.miniature.requests import telling
from bonkei.miniature.requests.places import Places
from bonkei.miniature.requests.recorder import Entry
from bonkei.miniature.requests.sending import as_line
from bonkei.miniature.requests.traces import ids_of
from bonkei.services.edge import AccessRecord
from bonkei.services.edge.explain import Explanation
from bonkei.services.edge.http.message import Header, Request

Name = Callable[[str], str]
"""From an ARN or an address to the name that people use."""

_MOST_CALLS = 100
_MOST_LINES = 200


def request_of(record: AccessRecord) -> Request:
    """The request as its first layer received it, without its body."""
    target = record.target.encode("latin-1")
    path, _, query = target.partition(b"?")
    fields: dict[bytes, bytes] = {}
    for name, value, _ in record.headers:
        separator = b"; " if name == b"cookie" else b","
        fields[name] = fields[name] + separator + value if name in fields else value
    headers: list[Header] = list(record.headers)
    request = Request(
        record.method.encode(), target, path, query, b"1.1", headers, fields,
        record.client.encode(),
    )  # fmt: skip
    request.size = sum(len(line) for _, _, line in headers) + len(target)
    length = fields.get(b"content-length", b"")
    if length.isdigit() and int(length):
        request.length, request.has_body = int(length), True
    return request


def summary(entry: Entry, name: Name) -> dict[str, Any]:
    """A row of the list."""
    record = entry.record
    return {
        "id": entry.number,
        "at": round(entry.at, 3),
        "method": record.method,
        "target": telling.shown_target(record.target)[:300],
        "status": record.status,
        "ms": round(record.seconds * 1000, 2),
        "cache": record.cache_result,
        "blocked_by": record.blocked_by,
        "task": record.task_id,
        "service": name(record.target_group_arn),
        "listener": record.listener,
        "client": record.client,
    }


def calls_of(own: Entry, others: Iterable[Entry]) -> list[Entry]:
    """The other entries with one of this request's ids."""
    ids = ids_of(own.record.headers, own.record.trace_id)
    return [
        each
        for each in others
        if each.number != own.number
        and ids & ids_of(each.record.headers, each.record.trace_id)
    ][:_MOST_CALLS]  # fmt: skip


def whole(
    own: Entry,
    calls: Iterable[Entry],
    lines: Iterable[Record],
    told: Explanation | None,
    places: Places,
    name: Name,
) -> dict[str, Any]:
    """`steps`: the way of the request now. `differences`: where it took a different way then.
    `begin` of a call: milliseconds after the request began."""
    record = own.record
    begun = own.at - record.seconds
    shown = [as_line(each) for each in lines][:_MOST_LINES]
    spent = [line["database_ms"] for line in shown if line["database_ms"] is not None]
    return {
        "request": {**summary(own, name), **telling.record(record), "begun": round(begun, 3)},
        "steps": [telling.step(each, places.line) for each in told.steps] if told else [],
        "differences": telling.differences(told.expected, record) if told else [],
        "calls": [
            {
                **summary(each, name),
                "host": each.record.host,
                "begin": round((each.at - each.record.seconds - begun) * 1000, 1),
            }
            for each in calls
        ],
        "lines": shown,
        "database_ms": round(sum(spent), 3) if spent else None,
    }
