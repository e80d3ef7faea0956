"""The entries of finished requests, sorted by their logs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from bonkei.services.logs.delivery.requests.request import (
    Finished,
    Kind,
    Row,
    Together,
    connection_of,
)
from bonkei.services.logs.delivery.requests.routes import Routes
from bonkei.services.logs.delivery.requests.target import Target

Entry = tuple[int, str]
"""Milliseconds, and an entry of a log."""


@dataclass(frozen=True, slots=True)
class Entries:
    """New entries by `Target.id`, in the order of their requests: the lines of objects, the events
    of streams."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    events: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class _Alike:
    """Requests of one kind, and the place of each among all."""

    places: list[int] = field(default_factory=list)
    together: list[tuple[float, Sequence[Row]]] = field(default_factory=list)

    def each(self) -> Iterator[tuple[int, float, Row]]:
        every = ((time, row) for time, some in self.together for row in some)
        for place, (time, row) in zip(self.places, every, strict=True):
            yield place, time, row


_Single = tuple[int, float, Row, Target]
"""A single request that a log is asked about, and its place among all."""

_Chunk = tuple[Sequence[int], Sequence[str]]
"""Lines of a log, and the places of their requests."""

_place, _kind = itemgetter(0), itemgetter(0)


def sort(routes: Routes, requests: Together, logged: Mapping[str, set[int]]) -> Entries:
    """The entries for finished requests. Those of one kind are written together. `logged`: the
    connections that a connection log already has. New ones are added to it."""
    chunks: dict[str, list[_Chunk]] = defaultdict(list)
    singles: list[_Single] = []
    for kind, alike in _by_kind(requests).items():
        for target, ready in routes.prepared(kind):
            if ready is not None:
                chunks[target.id].append((alike.places, ready(alike.together)))
            else:
                singles += [(*one, target) for one in alike.each()]
    found = Entries()
    singles.sort(key=_place)
    for place, time, row, target in singles:
        line = _line(target, time, row, logged)
        if line is None:
            continue
        if target.group:
            found.events[target.id].append((int(time * 1000), line))
        else:
            chunks[target.id].append(((place,), (line,)))
    for name, of_target in chunks.items():
        found.lines[name] = _in_order(of_target)
    return found


def _by_kind(requests: Together) -> dict[Kind, _Alike]:
    found: dict[Kind, _Alike] = {}
    place = 0
    for time, together in requests:
        for kind, group in groupby(together, _kind):
            alike = found.get(kind)
            if alike is None:
                alike = found[kind] = _Alike()
            some = list(group)
            alike.together.append((time, some))
            alike.places += range(place, place + len(some))
            place += len(some)
    return found


def _in_order(chunks: Sequence[_Chunk]) -> list[str]:
    """The lines in the order of their requests."""
    if len(chunks) == 1:
        return list(chunks[0][1])
    by_place: dict[int, str] = {}
    for places, lines in chunks:
        by_place.update(zip(places, lines, strict=True))
    return [by_place[place] for place in sorted(by_place)]


def _line(target: Target, time: float, row: Row, logged: Mapping[str, set[int]]) -> str | None:
    """The log's entry for one request; None if it has none."""
    if target.once:
        known, connection = logged[target.id], connection_of(row)
        if connection in known:
            return None
        known.add(connection)
    return target.line(Finished(time, row[0].record(row))) if target.line is not None else None
