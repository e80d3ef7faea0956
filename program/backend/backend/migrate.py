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

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import Connection as PsycopgConnection
from psycopg import sql

from backend.passwords import Passwords
from backend.settings import MigrateSettings
from backend.store.connect import connect_arguments, url
from backend.store.tables import administrators

FIRST_ADMINISTRATOR = "admin"
RETRY_SECONDS = 1.0
_LOCK = 7_261_954_030  # an arbitrary, fixed number

logger = logging.getLogger(__name__)


class MigrationError(Exception):
    """This version cannot bring the database up to date."""


def run() -> None:
    migrate(MigrateSettings.read())


def migrate(settings: MigrateSettings) -> None:
    engine = _engine(settings)
    try:
        with _connect(engine, settings.database_wait_seconds) as connection:
            _lock(connection)
            for name, password in settings.roles:
                put_role(connection, name, password)
            upgrade(connection)
            for name, _ in settings.roles:
                grant(connection, name, settings.database_name)
            put_first_administrator(connection, settings)
            if settings.database_former_username:
                shut_out(connection, settings.database_former_username)
    finally:
        engine.dispose()


def put_role(connection: sa.Connection, name: str, password: str) -> None:
    """Create an application role that may only sign in, and set its password.

    A SCRAM verifier is sent, since the password itself would appear in the server's log.
    """
    known = connection.scalar(
        sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}
    )
    raw = _psycopg(connection)
    verifier = raw.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    statement = (
        "ALTER ROLE {} WITH LOGIN PASSWORD {}" if known else "CREATE ROLE {} WITH LOGIN PASSWORD {}"
    )
    raw.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(verifier.decode())))
    connection.commit()
    logger.info("the role %s is %s", name, "up to date" if known else "made")


def upgrade(connection: sa.Connection) -> None:
    """Apply the missing migrations, all or none.

    A later version's schema is left alone: migrations remove nothing that the version before uses.
    Raises MigrationError if the schema's revision is neither known nor later.
    """
    config = Config()
    config.set_main_option("script_location", "backend:migrations")
    config.attributes["connection"] = connection
    if later := later_revision(connection, ScriptDirectory.from_config(config)):
        logger.warning("the schema is at %s, newer than this version: it stays as it is", later)
        return
    # A statement that waits for a table's lock makes all later ones wait behind it.
    connection.execute(sa.text("SET lock_timeout = '30s'"))
    connection.commit()
    command.upgrade(config, "head")
    connection.commit()


def later_revision(connection: sa.Connection, known: ScriptDirectory) -> str | None:
    """The schema's revision if its number is higher than all known ones; else None."""
    current = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    if current is None or current in {script.revision for script in known.walk_revisions()}:
        return None
    head = known.get_current_head() or ""
    if not (current.isdecimal() and len(current) == len(head) and current > head):
        raise MigrationError(
            f"the schema is at revision {current}, which is neither one of this version's nor later"
            f" than its last, {head}: is this the database that DATABASE_NAME should name?"
        )
    return current


def shut_out(connection: sa.Connection, name: str) -> None:
    """Forbid a role to sign in. While it is in use it is kept; a later migration shuts it out."""
    can_sign_in = connection.scalar(
        sa.text("SELECT rolcanlogin FROM pg_roles WHERE rolname = :name"), {"name": name}
    )
    if not can_sign_in:
        return
    sessions = connection.scalar(
        sa.text("SELECT count(*) FROM pg_stat_activity WHERE usename = :name"), {"name": name}
    )
    if sessions:
        logger.warning("the role %s is in use: the next migration shuts it out", name)
        return
    statement = sql.SQL("ALTER ROLE {} WITH NOLOGIN PASSWORD NULL").format(sql.Identifier(name))
    _psycopg(connection).execute(statement)
    connection.commit()
    logger.info("the role %s is shut out", name)


def grant(connection: sa.Connection, name: str, database_name: str) -> None:
    """Let the application's role read and write rows, also of later tables, and nothing else."""
    role, database = sql.Identifier(name), sql.Identifier(database_name)
    by_default = "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
    raw = _psycopg(connection)
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
        raw.execute(sql.SQL(statement).format(role=role, database=database))
    raw.commit()  # SQLAlchemy commits only transactions that it has begun


def put_first_administrator(connection: sa.Connection, settings: MigrateSettings) -> None:
    """Create `admin` with ADMINISTRATOR_PASSWORD, if there is no administrator."""
    if connection.scalar(sa.select(sa.func.count()).select_from(administrators)):
        return
    password = settings.administrator_password.get_secret_value()
    now = sa.func.now()
    connection.execute(
        sa.insert(administrators).values(
            id=uuid4(),
            username=FIRST_ADMINISTRATOR,
            password_hash=Passwords().hash_now(password),
            created_at=now,
            updated_at=now,
        )
    )
    connection.commit()
    logger.info("the first administrator, %s, is made", FIRST_ADMINISTRATOR)


def _engine(settings: MigrateSettings) -> sa.Engine:
    return sa.create_engine(
        url(
            settings,
            settings.database_master_username,
            settings.database_master_password.get_secret_value(),
        ),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args=connect_arguments(settings),
    )


def _connect(engine: sa.Engine, wait_seconds: float) -> sa.Connection:
    """Connect when the server accepts connections; it may have been created minutes ago."""
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return engine.connect()
        except sa.exc.OperationalError as error:
            if time.monotonic() >= deadline:
                raise
            logger.warning("the database is not there yet: %s", str(error.orig).strip())
            time.sleep(RETRY_SECONDS)


def _lock(connection: sa.Connection) -> None:
    """Wait for other migrations; the lock is held until the connection is closed."""
    # A migration may wait, and run, far longer than a request.
    connection.execute(sa.text("SET statement_timeout = '15min'"))
    connection.execute(sa.text("SET lock_timeout = '15min'"))
    connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    connection.commit()


def _psycopg(connection: sa.Connection) -> PsycopgConnection[tuple[object, ...]]:
    raw = connection.connection.driver_connection
    assert isinstance(raw, PsycopgConnection)  # noqa: S101 - the URL says so
    return raw
