"""Chunks: events of one tag, on disk until every output has them, so that they survive a restart.

A file is a header (msgpack of the tag) and then events, each as msgpack. An event that a crash has
cut off at the end is skipped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgpack

from bonkei.base.folders import matching, size_of
from bonkei.services.logs.router.records import Event

LIMIT = 2_000_000  # bytes, as Fluent Bit's chunks have about
_pack = msgpack.Packer(use_bin_type=True, autoreset=True).pack


@dataclass(slots=True)
class Chunk:
    """`events` is None while they are only on disk. `waiting`: numbers of outputs."""

    tag: str
    path: Path
    events: list[Event] | None = None
    size: int = 0
    waiting: set[int] = field(default_factory=set)
    descriptor: int = -1

    def add(self, events: Sequence[Event]) -> int:
        """Add events: first to the file, then to the memory. Return how many msgpack cannot hold;
        they are left out. Raises OSError when the disk is full."""
        given = len(events)
        try:
            data = b"".join([_pack(event) for event in events])
        except (ValueError, TypeError, OverflowError):
            events = [event for event in events if _is_storable(event)]
            data = b"".join([_pack(event) for event in events])
        written = 0
        while written < len(data):
            written += os.write(self.descriptor, data[written:])
        if self.events is not None:
            self.events.extend(events)
        self.size += len(data)
        return given - len(events)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def load(self) -> list[Event]:
        if self.events is not None:
            return self.events
        return _read(self.path)[1]

    def put_down(self) -> None:
        """Free the memory: the events are on disk."""
        self.events = None

    def delete(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)


class ChunkStore:
    """`directory`: storage.path."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._number = 0
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def create(self, tag: str) -> Chunk:
        """A chunk on disk. Raises OSError when the disk is full."""
        self._number += 1
        path = self._directory / f"{time.time_ns():020d}-{self._number:06d}.chunk"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
        descriptor = os.open(path, flags, 0o600)
        os.write(descriptor, _pack(tag))
        return Chunk(tag, path, [], descriptor=descriptor)

    def backlog(self) -> Iterator[Chunk]:
        """The chunks of an earlier run, oldest first."""
        for path in matching(self._directory, "*.chunk"):
            tag, events = _read(path)
            if tag is None:
                path.unlink(missing_ok=True)
            elif events:
                yield Chunk(tag, path, None, size_of(path))
            else:
                path.unlink(missing_ok=True)


def _is_storable(event: Event) -> bool:
    try:
        _pack(event)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _read(path: Path) -> tuple[str | None, list[Event]]:
    unpacker = msgpack.Unpacker(
        max_buffer_size=0, raw=False, strict_map_key=False, unicode_errors="replace"
    )
    with path.open("rb") as file:
        unpacker.feed(file.read())
    tag: str | None = None
    events: list[Event] = []
    try:
        for entry in unpacker:
            if tag is None:
                tag = str(entry)
            else:
                moment, record = entry
                events.append((moment, record))
    except (ValueError, TypeError, msgpack.UnpackException):
        pass  # the last one was cut off
    return tag, events
