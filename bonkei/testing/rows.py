"""A database's rows, kept in memory and put back in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bonkei.base.errors import BonkeiError
from bonkei.services.rds.connection import ADMIN, Connection

_LARGEST = 256 * 1024 * 1024  # bytes of all rows
_LOCK_SECONDS = 10
_TABLES = """
    SELECT format('%I.%I', nspname, relname)
    FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND relpersistence <> 't' AND nspname <> 'information_schema'
    AND nspname NOT LIKE 'pg\\_%' ORDER BY 1"""
_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"


@dataclass
class Rows:
    """The tables of one database on the miniature's own server."""

    server: Connection
    _tables: dict[str, bytes] = field(default_factory=dict)
    _sequences: dict[str, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> Rows:
        """From an element of the status's `databases`."""
        if not status["data"]:
            raise BonkeiError(
                f"the rows of {status['endpoint']} cannot be reset: the server is not Bonkei's",
                remedy="unset BONKEI_DATABASE_URL for these tests",
            )
        password = Path(status["data"]).with_name(ADMIN).read_text(encoding="ascii").strip()
        host, _, port = status["endpoint"].rpartition(":")
        return cls(Connection(host, int(port), ADMIN, password, status["database"]))

    def keep(self) -> None:
        """Read all rows."""
        with self.server.open() as connection:
            self._tables = {name: _copied(connection, name) for name in _names(connection)}
            self._sequences = dict(_sequences(connection))
        if (size := sum(map(len, self._tables.values()))) > _LARGEST:
            raise BonkeiError(
                f"the database has {size // 2**20} MiB of rows at its start, too much to reset",
                remedy="let the tests' system begin with less",
            )

    def put_back(self) -> None:
        """Remove all rows and write the kept ones. It waits for transactions that have locks."""
        with self.server.open() as connection, connection.transaction():
            # Rows return in any order: no trigger runs, and no foreign key is checked.
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            for name in _names(connection):
                connection.execute(sql.SQL("DELETE FROM ONLY ") + sql.SQL(name))
                if rows := self._tables.get(name):
                    _write(connection, name, rows)
            for name, value in _sequences(connection).items():
                if value != (kept := self._sequences.get(name)):
                    connection.execute(
                        "SELECT setval(%s, coalesce(%s, 1), %s)", (name, kept, kept is not None)
                    )


_Open = psycopg.Connection[tuple[object, ...]]


def _names(connection: _Open) -> list[Any]:
    return [name for (name,) in connection.execute(_TABLES)]


def _sequences(connection: _Open) -> dict[str, Any]:
    return {str(name): value for name, value in connection.execute(_SEQUENCES)}


def _copied(connection: _Open, name: Any) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.SQL(name))) as copy:
        return b"".join(bytes(each) for each in copy)


def _write(connection: _Open, name: Any, rows: bytes) -> None:
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.SQL(name))) as copy:
        copy.write(rows)
