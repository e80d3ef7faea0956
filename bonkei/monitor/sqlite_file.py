"""A file of SQLite that may be lost: nothing else depends on what is in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def open_file(file: Path, schema: str) -> sqlite3.Connection:
    """A damaged file is set aside, and the next one begins empty."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connect(file, schema)
    except sqlite3.DatabaseError:
        file.replace(file.with_suffix(".unreadable"))
        return _connect(file, schema)


def _connect(file: Path, schema: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=5)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = off")  # a killed process loses no data by this
        connection.executescript(schema)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
