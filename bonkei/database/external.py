"""A PostgreSQL server that a person brings: DATABASE_URL."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bonkei.database.bootstrap import Connection
from bonkei.database.errors import DatabaseError

_OLDEST = 14
_EXAMPLE = "postgresql://user:password@host:5432/postgres"
_OWN = {"host", "port", "user", "password", "dbname"}


def parse_url(url: str) -> Connection:
    """The parts of a DATABASE_URL. DatabaseError, without the password in it, when it is none."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise _wrong("it does not begin with postgresql://")
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        raise _wrong("it cannot be read") from None  # libpq's message repeats the URL
    missing = [name for name in ("host", "user") if not parts.get(name)]
    if missing:
        raise _wrong(f"it names no {' and no '.join(missing)}")
    port = parts.get("port", "5432")
    if not port.isdecimal():
        raise _wrong(f"its port {port} is not a number")
    return Connection(
        parts["host"],
        int(port),
        parts["user"],
        parts.get("password", ""),
        parts.get("dbname", "postgres"),
        tuple((name, value) for name, value in parts.items() if name not in _OWN),
    )


def check_version(connection: Connection, version: int) -> None:
    """`version` as server_version_num has it."""
    if version // 10000 < _OLDEST:
        raise DatabaseError(
            f"the server at {connection.host}:{connection.port} is PostgreSQL {version // 10000}",
            remedy=f"DATABASE_URL has to name PostgreSQL {_OLDEST} or newer",
        )


def explain(connection: Connection, error: psycopg.Error) -> DatabaseError:
    """What it means that the server refused us."""
    place = f"{connection.host}:{connection.port}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = "\n  ".join(lines) or type(error).__name__
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return DatabaseError(
            f"the user {connection.user} at {place} may not prepare the cluster: {message}",
            remedy="DATABASE_URL needs a user that may create roles and databases",
        )
    return DatabaseError(
        f"cannot use the server of DATABASE_URL at {place}: {message}",
        remedy=f"check that it runs and that the URL is right ({_EXAMPLE})",
    )


def _wrong(why: str) -> DatabaseError:
    return DatabaseError(f"DATABASE_URL is not usable: {why}", remedy=f"write it as {_EXAMPLE}")
