"""The role for people who look at the data: it may read tables and nothing else.

`pg_read_all_data` (https://www.postgresql.org/docs/current/predefined-roles.html) lets it read each
table and view, but no file of the server, and start no program. Row-level security holds for it. It
may also read the catalogue. The catalogue has the verifiers of passwords (`pg_authid`), but no
password.
"""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql

from bonkei.services.rds.connection import MADE

NAME = "bonkei_reader"
_READS = "pg_read_all_data"
_CONNECTIONS = 4
_RIGHTS = sql.SQL(
    "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS LOGIN CONNECTION LIMIT {}"
).format(_CONNECTIONS)
# Only a superuser can set this limit, so only a superuser can lift it: the temporary files for the
# sorts and hashes of one session.
_TEMPORARY_FILES = "256MB"


def ensure(admin: psycopg.Connection[tuple[object, ...]]) -> str:
    """Create the role, or restore its rights, as a superuser. Grants by others are revoked. Returns
    a new password. Raises psycopg.Error."""
    password = secrets.token_urlsafe(24)
    # The password is encrypted on this side, so no statement and no log contains it.
    encrypted = admin.pgconn.encrypt_password(
        password.encode(), NAME.encode(), b"scram-sha-256"
    ).decode()
    role = sql.Identifier(NAME)
    with admin.transaction():
        known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (NAME,)).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        admin.execute(
            sql.SQL("{} ROLE {} {} PASSWORD {}").format(verb, role, _RIGHTS, sql.Literal(encrypted))
        )
        for other in _memberships(admin):
            admin.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(other), role))
        admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(_READS), role))
        admin.execute(
            sql.SQL("ALTER ROLE {} SET temp_file_limit = {}").format(
                role, sql.Literal(_TEMPORARY_FILES)
            )
        )
        admin.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role))
        admin.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(MADE)))
    return password


def _memberships(admin: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    rows = admin.execute(
        "SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = %s::regrole", (NAME,)
    )
    return [str(name) for (name,) in rows if name != _READS]
