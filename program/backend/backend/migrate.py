"""Brings a database up to date, with the master user's rights; the services have fewer.

In order: wait for the server; take a lock, so that another migration waits; create the
application's roles (the current one and the next one), with passwords and rights; apply the
migrations; create the first administrator; shut out the former role. Existing data stays as it is.
So this may run before every release, even of one that is older than the schema.
"""

from __future__ import annotations

import logging
import time
from uuid import uuid4

import psycopg
from psycopg import sql

from backend.schema import upgrade
from backend.settings import MigrateSettings
from backend.store.connect import connect_arguments

FIRST_ADMINISTRATOR = "admin"
RETRY_SECONDS = 1.0
_LOCK = 7_261_954_030  # an arbitrary, fixed number

logger = logging.getLogger(__name__)


Connection = psycopg.Connection[tuple[object, ...]]


def run() -> None:
    migrate(MigrateSettings.read())


def migrate(settings: MigrateSettings) -> None:
    with _connect(settings) as connection:
        _lock(connection)
        for name, password in settings.roles:
            put_role(connection, name, password)
        upgrade(connection)
        for name, _ in settings.roles:
            grant(connection, name, settings.database_name)
        put_first_administrator(connection, settings)
        if settings.database_former_username:
            shut_out(connection, settings.database_former_username)


def put_role(connection: Connection, name: str, password: str | None) -> None:
    """Create an application role that may only sign in: with this password, or a token of IAM.

    A SCRAM verifier is sent, since the password itself would appear in the server's log.
    """
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    role, verifier = sql.Identifier(name), None
    if password is not None:
        verifier = connection.pgconn.encrypt_password(
            password.encode(), name.encode(), b"scram-sha-256"
        ).decode()
    statement = (
        "ALTER ROLE {} WITH LOGIN PASSWORD {}" if known else "CREATE ROLE {} WITH LOGIN PASSWORD {}"
    )
    connection.execute(sql.SQL(statement).format(role, sql.Literal(verifier)))
    if password is None:  # a member needs a token from then on
        connection.execute(sql.SQL("GRANT rds_iam TO {}").format(role))
    connection.commit()
    logger.info("the role %s is %s", name, "up to date" if known else "made")


def shut_out(connection: Connection, name: str) -> None:
    """Forbid a role to sign in. While it is in use it is kept; a later migration shuts it out."""
    question = "SELECT 1 FROM pg_roles WHERE rolname = %s AND rolcanlogin"
    if connection.execute(question, [name]).fetchone() is None:
        return
    question = "SELECT 1 FROM pg_stat_activity WHERE usename = %s"
    if connection.execute(question, [name]).fetchone():
        logger.warning("the role %s is in use: the next migration shuts it out", name)
        return
    statement = sql.SQL("ALTER ROLE {} WITH NOLOGIN PASSWORD NULL").format(sql.Identifier(name))
    connection.execute(statement)
    connection.commit()
    logger.info("the role %s is shut out", name)


def grant(connection: Connection, name: str, database_name: str) -> None:
    """Let the application's role read and write rows, also of later tables, and nothing else."""
    role, database = sql.Identifier(name), sql.Identifier(database_name)
    by_default = "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
    for statement in (
        "GRANT CONNECT ON DATABASE {database} TO {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"{by_default} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{role}}",
        f"{by_default} GRANT USAGE, SELECT ON SEQUENCES TO {{role}}",
        "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
        "REVOKE UPDATE, DELETE ON audit_records FROM {role}",  # the audit trail must not change
    ):
        connection.execute(sql.SQL(statement).format(role=role, database=database))
    connection.commit()


def put_first_administrator(connection: Connection, settings: MigrateSettings) -> None:
    """Create `admin` with ADMINISTRATOR_PASSWORD, if there is no administrator."""
    if connection.execute("SELECT 1 FROM administrators LIMIT 1").fetchone():
        return
    from backend.passwords import Passwords  # noqa: PLC0415 - wanted once in a database's life

    password = settings.administrator_password.get_secret_value()
    connection.execute(
        "INSERT INTO administrators (id, username, password_hash, created_at, updated_at)"
        " VALUES (%s, %s, %s, now(), now())",
        [uuid4(), FIRST_ADMINISTRATOR, Passwords().hash_now(password)],
    )
    connection.commit()
    logger.info("the first administrator, %s, is made", FIRST_ADMINISTRATOR)


def _connect(settings: MigrateSettings) -> Connection:
    """Connect when the server accepts connections; it may have been created minutes ago."""
    deadline = time.monotonic() + settings.database_wait_seconds
    while True:
        try:
            return psycopg.connect(
                host=settings.database_host,
                port=settings.database_port,
                dbname=settings.database_name,
                user=settings.database_master_username,
                password=settings.database_master_password.get_secret_value(),
                **connect_arguments(settings),
            )
        except psycopg.OperationalError as error:
            if time.monotonic() >= deadline:
                raise
            logger.warning("the database is not there yet: %s", str(error).strip())
            time.sleep(RETRY_SECONDS)


def _lock(connection: Connection) -> None:
    """Wait for other migrations; the lock is held until the connection is closed."""
    # A migration may wait, and run, far longer than a request.
    connection.execute("SET statement_timeout = '15min'")
    connection.execute("SET lock_timeout = '15min'")
    connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    connection.commit()
