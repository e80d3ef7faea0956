"""All groups of one account and region, on disk and within a bound."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from zlib import crc32

from bonkei.base.clocks import has_passed
from bonkei.base.events import LogEvent
from bonkei.base.folders import changed_at, entries, matching, size_of
from bonkei.services.logs.errors import LogsError, no_such_group
from bonkei.services.logs.store.documents import (
    GroupDocument,
    ResourcePolicy,
    read_policies,
    write_policies,
)
from bonkei.services.logs.store.group import LogGroup
from bonkei.services.logs.store.limits import FUTURE, InputEvent, Rejected, judge
from bonkei.services.logs.store.position import Position, event_id
from bonkei.services.logs.store.reading import Stored, Window, in_order
from bonkei.services.logs.store.segment import load

DAY = 24 * 3_600_000  # milliseconds
DEFAULT_BYTES = 512 * 1024 * 1024
MOST_STREAMS = 5_000
_ROOM = 0.9  # the share of the bound that stays full after a removal
_SWEEP = 600_000  # milliseconds between two searches for events beyond their retention

Listener = Callable[[str, str, tuple[LogEvent, ...]], None]


class LogStore:
    """Use it from one thread. `listener` is called with accepted events: group, stream, events.
    Beyond `limit` bytes, the segments without a write for the longest time are removed.
    """

    def __init__(
        self,
        directory: Path,
        listener: Listener = lambda _group, _stream, _events: None,
        *,
        clock: Callable[[], float] = time.time,
        limit: int = DEFAULT_BYTES,
    ) -> None:
        self.directory = directory
        self._listener = listener
        self._clock = clock
        self._limit = limit
        self._groups: dict[str, LogGroup] = {}
        self._policies: dict[str, ResourcePolicy] = {}
        self._swept = 0
        self.is_open = False
        self.stored = 0
        """Bytes of events on disk."""
        self.forgotten = 0
        """Bytes removed since the start, because the store was full."""

    def open(self) -> None:
        """Read the directory. A group that was only partly created or removed is removed."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for entry in entries(self.directory):
            document = GroupDocument.read(entry) if entry.is_dir() else None
            if document is not None:
                self._groups[document.name] = LogGroup(entry, document)
            elif entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
        self._policies = read_policies(self.directory)
        self.stored = sum(map(size_of, matching(self.directory, "*/*/*.log")))
        self.sweep()
        self.is_open = True

    @property
    def now(self) -> int:
        """The present time in milliseconds."""
        return int(self._clock() * 1000)

    # Groups.

    @property
    def groups(self) -> Mapping[str, LogGroup]:
        """The groups by name, in the order of names."""
        return MappingProxyType(dict(sorted(self._groups.items())))

    def group(self, name: str) -> LogGroup:
        """Raises LogsError (ResourceNotFoundException)."""
        try:
            return self._groups[name]
        except KeyError:
            raise no_such_group() from None

    def has_group(self, name: str) -> bool:
        return name in self._groups

    def create_group(self, document: GroupDocument) -> LogGroup:
        """Raises LogsError (ResourceAlreadyExistsException)."""
        if document.name in self._groups:
            raise LogsError(
                "ResourceAlreadyExistsException", "The specified log group already exists"
            )
        directory = self.directory / document.directory
        document.write(directory)
        self._groups[document.name] = group = LogGroup(directory, document)
        return group

    def delete_group(self, name: str) -> None:
        group = self.group(name)
        del self._groups[name]
        self.stored -= group.stored_bytes()
        group.remove()

    # Resource policies.

    @property
    def policies(self) -> Mapping[str, ResourcePolicy]:
        """Which services may write, by name."""
        return MappingProxyType(self._policies)

    def set_policies(self, policies: Mapping[str, ResourcePolicy]) -> None:
        write_policies(self.directory, policies)
        self._policies = dict(policies)

    # Streams.

    def create_stream(self, group_name: str, name: str) -> None:
        group = self.group(group_name)
        group.create_stream(name, self.now)
        if len(group.streams) > MOST_STREAMS:
            oldest = min(group.streams.values(), key=lambda each: each.directory.stat().st_mtime)
            self.delete_stream(group_name, oldest.name)

    def delete_stream(self, group_name: str, name: str) -> None:
        stream = self.group(group_name).stream(name)
        self.stored -= sum(segment.size for segment in stream.segments)
        self.group(group_name).delete_stream(name)

    # Events.

    def put(self, group_name: str, stream_name: str, events: Sequence[InputEvent]) -> Rejected:
        """Store a batch. It is on disk when this returns. Raises LogsError if the whole batch is
        refused, and with ServiceUnavailableException if it cannot be written."""
        group = self.group(group_name)
        stream = group.stream(stream_name)
        now = self.now
        taken, rejected = judge(events, now, group.document.retention)
        if not taken:
            return rejected
        try:
            sequence, written = stream.append(taken, now)
        except OSError as error:
            raise LogsError(
                "ServiceUnavailableException", f"The events could not be written: {error.strerror}"
            ) from None
        self.stored += written
        number = crc32(stream.directory.name.encode())
        self._listener(
            group_name,
            stream_name,
            tuple(
                LogEvent(at, text, now, event_id(Position(at, stream_name, index), number))
                for index, (at, text) in enumerate(taken, sequence)
            ),
        )
        if self.stored > self._limit:
            self._make_room()
        elif has_passed(_SWEEP, self._swept, now):
            self.sweep()
        return rejected

    def read(
        self,
        group_name: str,
        window: Window,
        streams: Sequence[str] | None = None,
        *,
        backwards: bool = False,
    ) -> Iterator[Stored]:
        """The events of some or all streams in order of time, within retention. The result may be
        read from another thread."""
        group = self.group(group_name)
        if group.document.retention:
            kept = self.now - group.document.retention * DAY
            window = replace(window, start=max(window.start, kept))
        return in_order(group.pages(streams), load, window, backwards=backwards)

    # Forgetting.

    def sweep(self) -> None:
        """Remove the segments in which all events are older than their group's retention. An
        event's time is at most two hours after its writing, so the file's time is enough.
        """
        self._swept = now = self.now
        for group in self._groups.values():
            kept = now - group.document.retention * DAY
            if group.document.retention:
                for path in matching(group.directory, "*/*.log"):
                    if changed_at(path) * 1000 + FUTURE < kept:
                        self._forget(group, path)

    def _make_room(self) -> None:
        files = [
            (changed_at(path), path, group)
            for group in self._groups.values()
            for path in matching(group.directory, "*/*.log")
        ]
        for _, path, group in sorted(files, key=itemgetter(0, 1)):
            if self.stored <= self._limit * _ROOM:
                return
            self.forgotten += self._forget(group, path)

    def _forget(self, group: LogGroup, path: Path) -> int:
        size = size_of(path)
        if (stream := group.stream_in(path.parent.name)) is not None:
            stream.forget(path)
        path.unlink(missing_ok=True)
        self.stored -= size
        return size
