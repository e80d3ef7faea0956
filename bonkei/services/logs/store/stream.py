"""One log stream: its segments, opened on demand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bonkei.base.folders import matching
from bonkei.services.logs.store import frame
from bonkei.services.logs.store.documents import StreamDocument
from bonkei.services.logs.store.limits import InputEvent
from bonkei.services.logs.store.segment import Page, Segment


class LogStream:
    """Use it from one thread. The results of `pages` may be read from any thread."""

    def __init__(self, directory: Path, document: StreamDocument) -> None:
        self.directory = directory
        self.document = document
        self._segments: list[Segment] | None = None
        self.ingested = 0
        """The time of the last batch since the start, in milliseconds; 0 without one."""

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def segments(self) -> list[Segment]:
        if self._segments is None:
            files = matching(self.directory, "*.log")
            self._segments = [Segment(self.name, file) for file in files]
        return self._segments

    @property
    def next_sequence(self) -> int:
        segments = self.segments
        return segments[-1].sequence + segments[-1].count if segments else self.document.sequence

    def pages(self) -> tuple[Page, ...]:
        return tuple(page for segment in self.segments for page in segment.pages)

    def times(self) -> tuple[int, int] | None:
        """The earliest and the latest timestamp; None without an event."""
        pages = self.pages()
        if not pages:
            return None
        return min(page.first for page in pages), max(page.last for page in pages)

    def append(self, events: Sequence[InputEvent], now: int) -> tuple[int, int]:
        """The number of the first event, and how many bytes were written. Raises OSError."""
        segments = self.segments
        sequence = self.next_sequence
        if segments and segments[-1].is_full:
            segments[-1].seal()
        if not segments or segments[-1].is_full:
            segments.append(Segment(self.name, self.directory / f"{sequence:019d}.log"))
        self.ingested = now
        return sequence, segments[-1].write(frame.encode(events, now))

    def forget(self, path: Path) -> None:
        """Remove a segment: one past its retention, or the oldest one of a full store."""
        for segment in self.segments:
            if segment.path == path:
                # A number is never used twice: it is part of an event's id.
                sequence = max(self.document.sequence, segment.sequence + segment.count)
                self.document = replace(self.document, sequence=sequence)
                self.document.write(self.directory)
                self.segments.remove(segment)
                segment.remove()
                return

    def remove(self) -> None:
        self._segments = []
        shutil.rmtree(self.directory, ignore_errors=True)
