"""`bonkei logs --group`: the events of log groups as records."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bonkei.miniature.home import MiniatureError
from bonkei.miniature.log_files.record import Record, read
from bonkei.services.logs.reader import GroupReader, latest, open_groups
from bonkei.services.logs.store.reading import Stored, Window

_POLL = 0.5  # seconds between two looks for new events


@dataclass(frozen=True, slots=True)
class LogGroups:
    """Some groups, and the streams wanted in them: those with a name that begins with `stream`."""

    groups: tuple[GroupReader, ...]
    stream: str = ""

    @property
    def width(self) -> int:
        """The width of the longest name."""
        return max(len(group.name) for group in self.groups)

    def last(self, wanted: Callable[[Record], bool], since: str, count: int | None) -> list[Record]:
        """Return the last events in order of time. `since` has the form of `Record.time`."""
        window = Window(start=_milliseconds(since) if since else 0)
        found = latest(self.groups, window, self._wants)
        records = filter(wanted, (_record(group, event) for group, event in found))
        return list(islice(records, count))[::-1]

    def mark(self) -> None:
        for group in self.groups:
            group.mark()

    def follow(self) -> Iterator[Record]:
        """Return new events, without an end."""
        while True:
            for group in self.groups:
                yield from (_record(group.name, event) for event in group.new(self._wants))
            time.sleep(_POLL)

    def _wants(self, stream: str) -> bool:
        return stream.startswith(self.stream)


def find_groups(
    directory: Path, name: str | None, stream: str, service: str | None = None
) -> LogGroups:
    """The groups with a name, or with a name that ends in it after a slash. For a service: the
    groups with its name as a part or as the last word. Without a name: all groups. Raises
    MiniatureError."""
    there = open_groups(directory)
    if not there:
        raise MiniatureError(
            "there are no log groups yet", remedy="start the miniature with `bonkei up`"
        )
    chosen = [group for group in there if name in (None, group.name)]
    chosen = chosen or [group for group in there if group.name.endswith(f"/{name}")]
    if service is not None:
        chosen = [group for group in there if _is_of(group.name, service)]
        name = f"of {service}"
    if not chosen:
        known = ", ".join(group.name for group in there)
        raise MiniatureError(f"there is no log group {name}", remedy=f"there are: {known}")
    return LogGroups(tuple(chosen), stream)


def _is_of(group: str, service: str) -> bool:
    return any(service in (part, part.rpartition("-")[2]) for part in group.split("/"))


def _record(group: str, event: Stored) -> Record:
    if group.startswith("/aws/rds/"):
        [record] = read(group, "database", [event.message])
        return replace(record, time=_iso(event.timestamp))
    [record] = read(group, "container", [f"{_iso(event.timestamp)}  {event.message.rstrip()}"])
    return record


def _iso(timestamp: int) -> str:
    moment = datetime.fromtimestamp(timestamp / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
