"""Opens a file of SQLite."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bonkei.base.kept import DamagedError

_WITHOUT = "or remove it: what it holds begins empty"


def open_file(file: Path, schema: str) -> sqlite3.Connection:
    """Open or create it, with these tables. Raises DamagedError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and not file.stat().st_size:  # SQLite would take it, and drop its journal
        raise DamagedError(file, "it is empty", _WITHOUT)
    try:
        return _connect(file, schema)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise DamagedError(file, str(error), _WITHOUT) from None


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
