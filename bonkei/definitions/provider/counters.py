"""Numbers that continue across runs, such as a task definition family's revisions."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bonkei.base import kept


class FileCounters:
    """Series of numbers from 1 by name, kept in one JSON file; call it for the next of a series.

    Threads and processes may count at the same time.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def __call__(self, name: str) -> int:
        with self._lock, self._alone():
            numbers = self._read()
            numbers[name] = numbers.get(name, 0) + 1
            kept.write_json(self._file, numbers, indent=1, sort_keys=True)
            return numbers[name]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[str, int]:
        without = "or remove it: its series of numbers begin at 1"
        return kept.read_json(self._file, dict, without) or {}
