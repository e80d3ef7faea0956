"""A user's own PostgreSQL server: BONKEI_DATABASE_URL."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bonkei.services.rds.bootstrap import ROLES
from bonkei.services.rds.connection import Connection
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.ownership import Found

_OLDEST = 14
_EXAMPLE = "postgresql://user:password@host:5432/postgres"
_OWN = {"host", "port", "user", "password", "dbname"}

_DATABASES = """
    SELECT datname, pg_get_userbyid(datdba), shobj_description(oid, 'pg_database')
    FROM pg_database WHERE NOT datistemplate
"""
# Users' objects in the current database, without those of extensions.
_TABLES = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


def parse_url(url: str) -> Connection:
    """The parts of a URL. For an invalid URL, raises DatabaseError without the password."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise _wrong("it does not begin with postgresql://")
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        raise _wrong("it cannot be read") from None  # libpq's message repeats the URL
    missing = [f"a {name}" for name in ("host", "user") if not parts.get(name)]
    if missing:
        raise _wrong(f"it does not name {' or '.join(missing)}")
    if parts["host"].startswith("/"):
        raise _wrong("it names a Unix socket, and the tasks need an address")
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


def place(connection: Connection) -> str:
    """A server's address, for messages."""
    return f"{connection.host}:{connection.port}"


def describe(url: str) -> str:
    """A URL's server and user, for messages; without the password."""
    connection = parse_url(url)
    return f"{place(connection)}, as {connection.user}"


def survey(connection: Connection) -> Found:
    """Read the content of a server. Raises psycopg.Error if it is unavailable."""
    with connection.open() as asked:
        roles = {str(name): str(said or "") for name, said in asked.execute(ROLES)}
        databases = {
            str(name): (str(owner), str(said or ""))
            for name, owner, said in asked.execute(_DATABASES)
        }
        [tables] = asked.execute(_TABLES).fetchone() or (0,)
        return Found(asked.info.server_version, roles, databases, int(str(tables)))


def check_version(connection: Connection, version: int) -> None:
    """`version` is server_version_num. Raises DatabaseError if it is too old."""
    if version // 10000 < _OLDEST:
        raise DatabaseError(
            f"the server at {place(connection)} is PostgreSQL {version // 10000}",
            remedy=f"BONKEI_DATABASE_URL has to name PostgreSQL {_OLDEST} or newer",
        )


def explain(connection: Connection, error: psycopg.Error) -> DatabaseError:
    """Turn a refusal of the server into an error with a remedy."""
    where = place(connection)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = "\n  ".join(lines) or type(error).__name__
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return DatabaseError(
            f"the user {connection.user} at {where} may not prepare the cluster: {message}",
            remedy="BONKEI_DATABASE_URL needs a user that may create roles and databases",
        )
    return DatabaseError(
        f"cannot use the server of BONKEI_DATABASE_URL at {where}: {message}",
        remedy=f"check that it runs and that the URL is right ({_EXAMPLE})",
    )


def _wrong(why: str) -> DatabaseError:
    return DatabaseError(
        f"BONKEI_DATABASE_URL is not usable: {why}", remedy=f"write it as {_EXAMPLE}"
    )
