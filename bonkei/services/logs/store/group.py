"""One log group: its document and its streams, read on demand."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from bonkei.base.folders import entries, matching, size_of
from bonkei.services.logs.errors import LogsError, no_such_stream
from bonkei.services.logs.store.documents import GroupDocument, StreamDocument, directory_name
from bonkei.services.logs.store.segment import Page
from bonkei.services.logs.store.stream import LogStream


class LogGroup:
    """Change `document` only with `change`: it writes the file, too."""

    def __init__(self, directory: Path, document: GroupDocument) -> None:
        self.directory = directory
        self.document = document
        self._streams: dict[str, LogStream] | None = None

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def streams(self) -> dict[str, LogStream]:
        if self._streams is None:
            found = ((entry, StreamDocument.read(entry)) for entry in entries(self.directory))
            self._streams = {
                document.name: LogStream(directory, document)
                for directory, document in found
                if document is not None
            }
        return self._streams

    def change(self, document: GroupDocument) -> None:
        document.write(self.directory)
        self.document = document

    def stream(self, name: str) -> LogStream:
        """Raises LogsError (ResourceNotFoundException)."""
        try:
            return self.streams[name]
        except KeyError:
            raise no_such_stream() from None

    def create_stream(self, name: str, now: int, *, declared: bool = False) -> LogStream:
        """Raises LogsError (ResourceAlreadyExistsException)."""
        if name in self.streams:
            raise LogsError(
                "ResourceAlreadyExistsException", "The specified log stream already exists"
            )
        document = StreamDocument(name, now, declared=declared)
        directory = self.directory / document.directory
        document.write(directory)
        self.streams[name] = stream = LogStream(directory, document)
        return stream

    def delete_stream(self, name: str) -> None:
        stream = self.stream(name)
        del self.streams[name]
        stream.remove()

    def pages(self, names: Iterable[str] | None = None) -> list[Page]:
        """The pages of some streams, or of all."""
        streams = self.streams.values() if names is None else [self.stream(name) for name in names]
        return [page for stream in streams for page in stream.pages()]

    def stream_in(self, directory: str) -> LogStream | None:
        """The stream with its files in this directory."""
        return next(
            (each for name, each in self.streams.items() if directory_name(name) == directory), None
        )

    def stored_bytes(self) -> int:
        return sum(map(size_of, matching(self.directory, "*/*.log")))

    def remove(self) -> None:
        self._streams = {}
        shutil.rmtree(self.directory, ignore_errors=True)
