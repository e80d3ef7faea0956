"""Creates RDS's roles and databases on a server; they may exist already.

Source: "Understanding the rds_superuser role" (Amazon RDS/Aurora User Guide): the master user is
not a superuser. It may create roles and databases, and is a member of rds_superuser with its
monitoring and signalling rights. `rdsadmin` is the superuser; no client gets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

from bonkei.services.rds.connection import MADE, Connection, Guest, Wanted

ROLES = "SELECT rolname, shobj_description(oid, 'pg_authid') FROM pg_roles"

_GROUPS: tuple[LiteralString, ...] = (
    "rds_superuser", "rds_iam", "rds_password", "rds_replication",
)  # fmt: skip
_RIGHTS: tuple[LiteralString, ...] = ("pg_monitor", "pg_signal_backend", "pg_checkpoint")


def prepare(admin: Connection, wanted: Wanted, guest: Guest | None = None) -> int:
    """Create missing roles and databases, set the master's password. Returns server_version_num
    (180006). Raises psycopg.Error if the server refuses. As a `guest`, never alter objects with
    another mark."""
    with admin.open() as connection:
        roles = {str(name): str(said or "") for name, said in connection.execute(ROLES)}
        _make_groups(connection, roles, guest)
        if guest is None or not guest.keep_master:
            _make_master(connection, roles, wanted, guest)
        if wanted.database:
            _make_database(connection, wanted, guest.mark if guest else "")
        return connection.info.server_version


def _make_groups(
    connection: psycopg.Connection[tuple[object, ...]], roles: dict[str, str], guest: Guest | None
) -> None:
    with connection.transaction():
        for group in _GROUPS:
            if group not in roles:
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(group)))
                _mark(connection, "ROLE", group, guest.mark if guest else "")
        if "rds_superuser" in roles:
            return
        for right in [] if guest and guest.shared else _grantable(connection):
            connection.execute(
                sql.SQL("GRANT {} TO rds_superuser WITH ADMIN OPTION").format(sql.Identifier(right))
            )
        connection.execute(
            "GRANT rds_iam, rds_password, rds_replication TO rds_superuser WITH ADMIN OPTION"
        )


def _grantable(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """The rights of rds_superuser that exist on this server and that our user may grant."""
    rows = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
        " AND pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION')",
        (list(_RIGHTS),),
    )
    return [str(name) for (name,) in rows]


def _make_master(
    connection: psycopg.Connection[tuple[object, ...]],
    roles: dict[str, str],
    wanted: Wanted,
    guest: Guest | None,
) -> None:
    name = sql.Identifier(wanted.username)
    # Encrypted on this side, so that no statement and no log contains the password.
    encrypted = connection.pgconn.encrypt_password(
        wanted.password.encode(), wanted.username.encode(), b"scram-sha-256"
    )
    with connection.transaction():
        # On a shared server, another client may have created the object just now. Then CREATE
        # fails, and nothing is altered.
        if wanted.username not in roles or (guest and roles[wanted.username] != guest.mark):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(name))
            # A foreign role with that name may have rights over other users' data.
            if guest is None or roles.get("rds_superuser", MADE).startswith(MADE):
                connection.execute(
                    sql.SQL("GRANT rds_superuser TO {} WITH ADMIN OPTION").format(name)
                )
            _mark(connection, "ROLE", wanted.username, guest.mark if guest else "")
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(encrypted.decode()))
        )


def _make_database(
    connection: psycopg.Connection[tuple[object, ...]], wanted: Wanted, mark: str
) -> None:
    found = connection.execute(
        "SELECT 1 FROM pg_database WHERE datname = %s", (wanted.database,)
    ).fetchone()
    if found is not None:
        return
    with _acting_as_owner(connection, wanted.username):
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(wanted.database), sql.Identifier(wanted.username)
            )
        )
        _mark(connection, "DATABASE", wanted.database, mark)


@contextmanager
def _acting_as_owner(
    connection: psycopg.Connection[tuple[object, ...]], owner: str
) -> Iterator[None]:
    """Become a member of the owner, temporarily: only members may create a database for it."""
    is_superuser = connection.info.parameter_status("is_superuser") == "on"
    if is_superuser or owner == connection.info.user:
        yield
        return
    role = sql.Identifier(owner)
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
    yield
    connection.execute(sql.SQL("REVOKE {} FROM CURRENT_USER").format(role))


def _mark(
    connection: psycopg.Connection[tuple[object, ...]], kind: LiteralString, name: str, mark: str
) -> None:
    if mark:
        connection.execute(
            sql.SQL("COMMENT ON {} {} IS {}").format(
                sql.SQL(kind), sql.Identifier(name), sql.Literal(mark)
            )
        )


def pending_restart(admin: Connection) -> tuple[str, ...]:
    """Parameters with a new value that needs a restart (RDS: `pending-reboot`)."""
    with admin.open() as connection:
        rows = connection.execute("SELECT name FROM pg_settings WHERE pending_restart ORDER BY 1")
        return tuple(str(name) for (name,) in rows)
