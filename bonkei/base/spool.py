"""Keeps accepted work that is not done yet. Each record is a file, so it survives the end of the
process.

A record is written before its acceptance is acknowledged, and removed when its work is done. After
a SIGKILL it still exists: the work may be done twice, but is never lost. Files are not synced to
the disk, so a power cut may lose the last ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.folders import matching

BYTES = 256 * 1024 * 1024
"""Of all records together. Those who follow them hold them in memory, too."""


class Spool:
    """One directory, made by `open`. It is full with `limit` records, or with `BYTES`."""

    def __init__(self, directory: Path, limit: int) -> None:
        self._directory = directory
        self._limit = limit
        self._names: dict[str, int] = {}  # and the records' sizes
        self._bytes = 0

    def open(self) -> None:
        """Find the records of an earlier process. Half-written ones are dropped: they were never
        acknowledged."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for draft in matching(self._directory, "*.new"):
            draft.unlink(missing_ok=True)
        found = matching(self._directory, "*.json")
        self._names = {path.stem: path.stat().st_size for path in found}
        self._bytes = sum(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    @property
    def is_full(self) -> bool:
        return len(self._names) >= self._limit or self._bytes >= BYTES

    def put(self, name: str, record: Mapping[str, Any]) -> None:
        """Store the record, or replace its stored state. `name` is a file name without a suffix.
        Raises OSError."""
        size = kept.write_json(self._directory / f"{name}.json", record, synced=False)
        self._bytes += size - self._names.get(name, 0)
        self._names[name] = size

    def remove(self, name: str) -> None:
        self._bytes -= self._names.pop(name, 0)
        (self._directory / f"{name}.json").unlink(missing_ok=True)

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All records, in the order of their names. Raises DamagedError."""
        for name in sorted(self._names):
            file = self._directory / f"{name}.json"
            record = kept.read_json(file, dict, "or remove it: what it asks for is not done")
            if record is None:
                self.remove(name)
            else:
                yield name, record
