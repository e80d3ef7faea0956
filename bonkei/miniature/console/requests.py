"""The recent requests live, and the course of one of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import nlargest, nsmallest
from itertools import dropwhile, islice, takewhile
from typing import Any

from bonkei.base.clocks import has_passed
from bonkei.miniature.console.moments import moment
from bonkei.miniature.log_files.files import lines_with
from bonkei.miniature.requests.explaining import RequestWorld
from bonkei.miniature.requests.places import Places
from bonkei.miniature.requests.recorder import FAILED, SLOW, Entry, Recorder, Wanted, matcher
from bonkei.miniature.requests.sending import Sent, cause_of
from bonkei.miniature.requests.timeline import calls_of, request_of, summary, whole
from bonkei.miniature.requests.traces import ids_of, spellings
from bonkei.services.console import Console, ConsoleError, Json
from bonkei.services.edge import AccessRecord
from bonkei.services.edge.explain import Explanation

_PAGE = 40  # rows that a browser draws four times a second
_MOST = 200
_LATER = 3.0  # seconds after which no more records belong to a request
_NEIGHBOURS = 2_000  # requests that are searched for its calls
_KEPT = 50  # timelines
_RECENT = 300.0  # seconds
_AGAIN = 1.0  # seconds between two searches for its calls and lines


def offer_requests(console: Console, recorder: Recorder, world: RequestWorld) -> None:
    """The topics `requests` (query: path, status, client, service, least, trouble, the times since
    and until, the number upto, most, and order: `ms` or `-ms`, over all that is kept) and
    `requests.one` (id)."""
    timelines = _Timelines(recorder, world)

    async def requests(query: Mapping[str, str]) -> Json:
        recorder.look()
        return listed(recorder, world, query)

    async def one(query: Mapping[str, str]) -> Json:
        recorder.look()
        return await timelines.of(_number(query.get("id", "")))

    console.topics({"requests": requests, "requests.one": one})


def listed(recorder: Recorder, world: RequestWorld, query: Mapping[str, str]) -> dict[str, Any]:
    """Of `requests`: the newest first, or in the order of their time."""
    upto, most = _number(query.get("upto", "")), _number(query.get("most", "")) or _PAGE
    wanted = Wanted(
        query.get("path", ""), query.get("status", ""), query.get("client", ""),
        query.get("service", ""), upto, _number(query.get("least", "")),
    )  # fmt: skip
    names = _Names(world)
    fits = matcher(wanted, names.all_of)
    most = min(most, _MOST)
    every = _in_time(recorder.find(fits, upto), query)
    if query.get("trouble"):
        every = filter(_is_troubled, every)
    found = list(_FIRST.get(query.get("order", ""), islice)(every, most + 1))
    return {
        "rows": [summary(each, names.short) for each in found[:most]],
        "more": len(found) > most,
        "newest": recorder.newest,
        "kept": recorder.size[0],
        "left_out": recorder.left_out,
        "rate": round(recorder.rate(), 1),
    }


def _in_time(entries: Iterator[Entry], query: Mapping[str, str]) -> Iterator[Entry]:
    """Of entries, the newest first, those that finished in the wanted time."""
    now = datetime.now(UTC)
    since, until = (moment(query.get(name, ""), now) for name in ("since", "until"))
    if until:
        end = datetime.fromisoformat(until).timestamp()
        entries = dropwhile(lambda entry: entry.at >= end, entries)
    if since:
        begin = datetime.fromisoformat(since).timestamp()
        entries = takewhile(lambda entry: entry.at >= begin, entries)
    return entries


def failed_badge(recorder: Recorder) -> Json:
    """How many failed (5xx) in the last five minutes."""
    since = recorder.clock() - _RECENT
    recent = takewhile(lambda entry: entry.at >= since, recorder.find(lambda _: True))
    count = sum(entry.record.status >= FAILED for entry in recent)
    return {"text": str(count), "kind": "bad"} if count else None


def _is_troubled(entry: Entry) -> bool:
    """Failed or slow: the recorder always keeps the last of these."""
    return entry.record.status >= FAILED or entry.record.seconds >= SLOW


def _seconds(entry: Entry) -> float:
    return entry.record.seconds


_FIRST: Mapping[str, Callable[[Iterator[Entry], int], Iterable[Entry]]] = {
    "ms": lambda entries, most: nsmallest(most, entries, key=_seconds),
    "-ms": lambda entries, most: nlargest(most, entries, key=_seconds),
}


@dataclass(slots=True)
class _Names:
    """The names that people use for target groups and services."""

    world: RequestWorld
    _short: dict[str, str] = field(default_factory=dict)

    def short(self, arn: str) -> str:
        if not self._short:
            blueprint = self.world.blueprint()
            self._short = {each.arn: each.name for each in blueprint.target_groups}
            self._short |= {each.arn: each.name for each in blueprint.services}
        return self._short.get(arn, "")

    def all_of(self, record: AccessRecord) -> str:
        return f"{self.short(record.target_group_arn)} {record.listener} {record.task_id}".lower()


class _Timelines:
    """Calls and lines are searched from time to time, until no more can belong to a request."""

    def __init__(self, recorder: Recorder, world: RequestWorld) -> None:
        self._recorder = recorder
        self._world = world
        self._kept: OrderedDict[int, tuple[float, dict[str, Any]]] = OrderedDict()

    async def of(self, number: int) -> dict[str, Any]:
        now = self._recorder.clock()
        known = self._kept.get(number)
        entry = self._recorder.entry(number)
        if known is not None and (
            not has_passed(_AGAIN, known[0], now) or self._is_final(known, entry)
        ):
            return known[1]
        if entry is None:
            if known is not None:
                return known[1]
            raise ConsoleError(
                "this request is not kept any more", remedy="see `bonkei logs --request ID`"
            )
        made = await self._made(entry)
        self._kept[number] = now, made
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made

    def _is_final(self, known: tuple[float, dict[str, Any]], entry: Entry | None) -> bool:
        return entry is None or known[0] > entry.at + _LATER

    async def _made(self, entry: Entry) -> dict[str, Any]:
        world, record = self._world, entry.record
        begun = entry.at - record.seconds
        near = self._recorder.between(begun, entry.at + _LATER, _NEIGHBOURS)
        told = world.edge.explain_request(record.listener, request_of(record))
        texts = spellings(ids_of(record.headers, record.trace_id))
        since = datetime.fromtimestamp(begun - 0.5, UTC).isoformat(timespec="milliseconds")
        names, calls = _Names(world), calls_of(entry, near)

        def make() -> dict[str, Any]:
            places = Places(world.definitions, world.root)
            lines = lines_with(world.logs, texts, since)
            found = whole(entry, calls, lines, told, places, names.short)
            if record.status >= FAILED:
                sent = Sent(record, tuple(each.record for each in calls), tuple(lines))
                found["cause"] = cause_of(sent, world.logs, begun) or _edge_says(found, told)
            return found

        return await asyncio.to_thread(make)


def _edge_says(found: Mapping[str, Any], told: Explanation | None) -> str:
    """Why the edge itself answered, while it would answer the same now."""
    if told is None or not told.steps or found["request"]["task"] or found["differences"]:
        return ""
    return told.steps[-1].text


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 16 else 0
