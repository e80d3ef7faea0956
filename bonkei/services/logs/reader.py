"""Reads log groups for `bonkei logs`, in a different process from the writer. It changes nothing on
disk: a half-written end belongs to the writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from operator import attrgetter
from pathlib import Path

from bonkei.base.folders import entries, matching
from bonkei.services.logs.store.documents import GroupDocument, StreamDocument
from bonkei.services.logs.store.frame import decode
from bonkei.services.logs.store.position import Position
from bonkei.services.logs.store.reading import Stored, Window, in_order
from bonkei.services.logs.store.segment import Page, Segment, load

WantsStream = Callable[[str], bool]


class GroupReader:
    """One log group. `new` gives the events since the last call of `new` or `mark`."""

    def __init__(self, directory: Path, document: GroupDocument) -> None:
        self.name = document.name
        self._directory = directory
        self._seen: dict[str, int] = {}

    def last(self, window: Window, wants: WantsStream) -> Iterator[Stored]:
        """The latest first."""
        pages = [page for _, page in self._pages(wants)]
        return in_order(pages, load, window, backwards=True)

    def mark(self) -> None:
        """Present events are no longer new."""
        for stream, page in self._pages(lambda _: True):
            self._seen[stream] = max(self._seen.get(stream, 0), page.sequence + page.count)

    def new(self, wants: WantsStream) -> list[Stored]:
        """The new events, in order of time if they came together."""
        found: list[Stored] = []
        for stream, page in tuple(self._pages(wants)):
            seen = self._seen.get(stream, 0)
            if page.sequence + page.count <= seen:
                continue
            for at, (timestamp, ingestion, message) in enumerate(decode(load(page))):
                number = page.sequence + at
                if number >= seen:
                    found.append(Stored(Position(timestamp, stream, number), ingestion, message))
            self._seen[stream] = page.sequence + page.count
        return sorted(found, key=attrgetter("position"))

    def _pages(self, wants: WantsStream) -> Iterator[tuple[str, Page]]:
        for directory in entries(self._directory):
            document = StreamDocument.read(directory)
            if document is None or not wants(document.name):
                continue
            for path in matching(directory, "*.log"):
                for page in Segment(document.name, path, is_ours=False).pages:
                    yield document.name, page


def open_groups(directory: Path) -> list[GroupReader]:
    """Every group that a miniature keeps below a directory, in the order of names."""
    found = [(entry, GroupDocument.read(entry)) for entry in entries(directory)]
    readers = [GroupReader(entry, document) for entry, document in found if document is not None]
    return sorted(readers, key=attrgetter("name"))


def latest(
    groups: Iterable[GroupReader], window: Window, wants: WantsStream
) -> Iterator[tuple[str, Stored]]:
    """The events of several groups with the group's name, the latest first."""
    streams = [_named(group.name, group.last(window, wants)) for group in groups]
    return merge(*streams, key=lambda item: -item[1].timestamp)


def _named(name: str, events: Iterator[Stored]) -> Iterator[tuple[str, Stored]]:
    return ((name, event) for event in events)
