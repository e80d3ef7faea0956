"""Migrating a database."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from backend import migrations
from backend.migrate import migrate
from backend.migrations.tables import PUBLIC_TABLES, metadata
from backend.schema import MigrationError, revisions
from backend.settings import MigrateSettings
from ports import free_port
from psycopg import errors
from pydantic import SecretStr

from tests.program.backend.postgresql import (
    MASTER,
    MASTER_PASSWORD,
    PASSWORD,
    USERNAME,
    Server,
    migrate_settings,
)
from tests.program.backend.process import HOME, wait_until


def connect(
    server: Server, database: str, password: str = PASSWORD, user: str = USERNAME
) -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1", port=server.port, dbname=database, user=user, password=password
    )


def test_a_migration_may_run_again_and_simultaneously(server: Server, empty_database: str):
    settings = migrate_settings(server, empty_database)
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(migrate, settings) for _ in range(3)]:
            done.result()
    migrate(settings)
    with connect(server, empty_database) as connection:
        (count,) = connection.execute("SELECT count(*) FROM administrators").fetchone()
        assert count == 1


def test_the_first_administrator_keeps_a_changed_password(server: Server, empty_database: str):
    settings = migrate_settings(server, empty_database)
    migrate(settings)
    with connect(server, empty_database) as connection:
        connection.execute("UPDATE administrators SET username = 'jane', password_hash = 'x'")
    migrate(settings)
    with connect(server, empty_database) as connection:
        found = connection.execute("SELECT username, password_hash FROM administrators").fetchall()
    assert found == [("jane", "x")]


def test_a_role_may_sign_in_with_tokens(server: Server, empty_database: str):
    for statement in ("CREATE ROLE rds_iam", "GRANT rds_iam TO master WITH ADMIN OPTION"):
        server.execute(statement)
    settings = migrate_settings(server, empty_database).model_copy(
        update={"database_iam_username": f"{USERNAME}_iam"}
    )
    for _ in range(2):
        migrate(settings)
    with psycopg.connect(server.dsn(empty_database)) as connection:
        found = connection.execute(
            "SELECT pg_has_role(%s, 'rds_iam', 'MEMBER'), rolcanlogin, rolpassword"
            " FROM pg_authid WHERE rolname = %s",
            [f"{USERNAME}_iam", f"{USERNAME}_iam"],
        ).fetchone()
    assert found == (True, True, None)


def test_the_role_gets_a_new_password(server: Server, empty_database: str):
    settings = migrate_settings(server, empty_database)
    changed = settings.model_copy(update={"database_password": SecretStr("n")})
    try:
        migrate(changed)
        connect(server, empty_database, "n").close()
        with pytest.raises(psycopg.OperationalError):
            connect(server, empty_database)
    finally:
        migrate(settings)
    connect(server, empty_database).close()


def sign_in(server: Server, database: str, user: str, password: str) -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1", port=server.port, dbname=database, user=user, password=password
    )


@pytest.fixture
def second(server: Server, empty_database: str) -> Iterator[dict[str, Any]]:
    """The application's second role as the next one, in settings. Removed afterwards."""
    yield {"database_next_username": "second", "database_next_password": SecretStr("s")}
    server.execute(
        "REASSIGN OWNED BY second TO CURRENT_USER; DROP OWNED BY second; DROP ROLE second",
        empty_database,
    )


def test_two_roles_alternate_and_both_are_valid_in_between(
    server: Server, empty_database: str, second: dict[str, Any]
):
    settings = migrate_settings(server, empty_database)
    migrate(settings)
    migrate(settings.model_copy(update=second))
    with (
        sign_in(server, empty_database, "second", "s") as new,
        connect(server, empty_database) as old,
    ):
        for connection in (new, old):
            connection.execute("SELECT count(*) FROM components")
            connection.execute("UPDATE administrators SET username = username")
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute("DROP TABLE components")
            connection.rollback()


def test_the_former_role_is_locked_out_when_nobody_uses_it(
    server: Server, empty_database: str, second: dict[str, Any], caplog: pytest.LogCaptureFixture
):
    settings = migrate_settings(server, empty_database)
    migrate(settings.model_copy(update=second))
    turned = settings.model_copy(update={"database_former_username": "second"})
    with sign_in(server, empty_database, "second", "s") as connection:
        with caplog.at_level("WARNING"):
            migrate(turned)
        assert "the role second is in use" in caplog.text
        connection.execute("SELECT count(*) FROM components")
        sign_in(server, empty_database, "second", "s").close()
    eventually_nobody(server, "second")
    migrate(turned)
    with pytest.raises(psycopg.OperationalError):
        sign_in(server, empty_database, "second", "s")
    migrate(turned)  # nothing is left to do
    # Its turn comes again, with another password.
    migrate(settings.model_copy(update={**second, "database_next_password": SecretStr("t")}))
    sign_in(server, empty_database, "second", "t").close()


def eventually_nobody(server: Server, user: str) -> None:
    """The server notices a closed connection a moment later."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        question = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        wait_until(lambda: connection.execute(question, (user,)).fetchone() == (0,))


def test_a_former_role_that_never_existed_is_no_problem(server: Server, empty_database: str):
    settings = migrate_settings(server, empty_database)
    migrate(settings.model_copy(update={"database_former_username": "never"}))


def later_version(server: Server, database: str) -> None:
    """The schema of a later version: another column, and a revision of its own."""
    server.execute("ALTER TABLE components ADD COLUMN colour text", database)
    server.execute("UPDATE alembic_version SET version_num = '9999'", database)


def test_two_users_alternate_and_neither_loses_data(server: Server, empty_database: str):
    first = migrate_settings(server, empty_database)
    second = first.model_copy(
        update={"database_username": f"{USERNAME}_2", "database_password": SecretStr("n")}
    )
    migrate(first)
    migrate(second)
    with psycopg.connect(
        host="127.0.0.1", port=server.port, dbname=empty_database, user=MASTER,
        password=MASTER_PASSWORD,
    ) as connection:  # fmt: skip
        connection.execute("CREATE TABLE made_later (id int)")
    # Tasks of the previous release still open connections as the first user.
    for password, user in ((PASSWORD, USERNAME), ("n", f"{USERNAME}_2")):
        with connect(server, empty_database, password, user) as connection:
            connection.execute("INSERT INTO made_later VALUES (1)")
            connection.execute("SELECT count(*) FROM administrators")
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute("DELETE FROM audit_records")
            connection.rollback()


def test_an_earlier_version_has_nothing_to_do(
    server: Server, empty_database: str, caplog: pytest.LogCaptureFixture
):
    """A rollback to an earlier release: its migration meets the later one's schema."""
    settings = migrate_settings(server, empty_database)
    migrate(settings)
    later_version(server, empty_database)
    # A rotation of the password must not be left incomplete either.
    changed = settings.model_copy(update={"database_password": SecretStr("n")})
    try:
        with caplog.at_level("WARNING"):
            migrate(changed)
        assert "the schema is at 9999, newer than this version" in caplog.text
        with connect(server, empty_database, "n") as connection:
            assert connection.execute("SELECT colour FROM components").fetchall() == []
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert revision == "9999"
    finally:
        migrate(settings)


def test_an_earlier_versions_process_exits_with_success(server: Server, empty_database: str):
    settings = migrate_settings(server, empty_database)
    migrate(settings)
    later_version(server, empty_database)
    outcome = subprocess.run(
        [sys.executable, "-m", "backend", "migrate"],
        cwd=HOME,
        env={**os.environ, **_variables(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "newer than this version" in outcome.stdout


@pytest.mark.parametrize("revision", ["0000", "1a2b", "99999"])
def test_a_revision_that_is_not_later_is_refused(
    server: Server, empty_database: str, revision: str
):
    settings = migrate_settings(server, empty_database)
    migrate(settings)
    with psycopg.connect(server.dsn(empty_database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [revision])
    with pytest.raises(MigrationError, match=f"at revision {revision}"):
        migrate(settings)


def test_the_role_reads_and_writes_rows_and_nothing_else(server: Server, empty_database: str):
    migrate(migrate_settings(server, empty_database))
    # A table of a later migration, for which the role has no grant.
    server.execute("CREATE TABLE later (id int)", empty_database)
    with connect(server, empty_database) as connection:
        connection.autocommit = True
        connection.execute("INSERT INTO later VALUES (1)")
        for forbidden in (
            "CREATE TABLE mine (id int)",
            "DROP TABLE later",
            "ALTER TABLE components ADD COLUMN x int",
            "TRUNCATE components",
            "UPDATE audit_records SET actor_name = 'somebody else'",
            "DELETE FROM audit_records",
            "UPDATE alembic_version SET version_num = '0'",
            "CREATE ROLE other",
            "SELECT * FROM pg_authid",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(forbidden)


def test_no_password_is_sent_in_plain_text(server: Server, empty_database: str):
    """With log_statement = ddl, which Aurora's audit settings often use, the log would hold it."""
    server.execute("ALTER SYSTEM SET log_statement = 'all'")
    server.execute("SELECT pg_reload_conf()")
    try:
        migrate(migrate_settings(server, empty_database))
    finally:
        server.execute("ALTER SYSTEM RESET log_statement")
        server.execute("SELECT pg_reload_conf()")
    log = server.log.read_text()
    assert "WITH LOGIN PASSWORD" in log
    assert PASSWORD not in log
    assert "status''password" not in log


def test_the_tables_match_the_programs_models(server: Server, empty_database: str):
    settings = migrate_settings(server, empty_database)
    migrate(settings)
    address = sa.URL.create(
        "postgresql+psycopg", MASTER, MASTER_PASSWORD, "127.0.0.1", server.port, empty_database
    )
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        triggers = connection.scalars(
            sa.text("SELECT event_object_table FROM information_schema.triggers")
        )
        assert set(triggers) == set(PUBLIC_TABLES)


def test_a_database_that_does_not_start_is_an_error(server: Server):
    settings = migrate_settings(server, "postgres").model_copy(
        update={"database_port": free_port(), "database_wait_seconds": 0.1}
    )
    with pytest.raises(psycopg.OperationalError):
        migrate(settings)


def test_the_files_numbers_are_alembics_revisions():
    config = Config()
    config.set_main_option("script_location", "backend:migrations")
    scripts = ScriptDirectory.from_config(config)
    in_order = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revisions() == in_order
    assert scripts.get_heads() == [in_order[-1]]


def test_with_nothing_to_do_alembic_is_not_loaded(server: Server, empty_database: str):
    settings = migrate_settings(server, empty_database)
    assert "alembic" in _loaded(settings)
    assert not {"alembic", "sqlalchemy"} & _loaded(settings)


def _loaded(settings: MigrateSettings) -> set[str]:
    """The modules of a process that has migrated."""
    program = (
        "import sys; from backend.__main__ import main; code = main(['migrate']);"
        "print('modules', *sys.modules); sys.exit(code)"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program],
        cwd=HOME,
        env={**os.environ, **_variables(settings)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(outcome.stdout.splitlines()[-1].split())


def _variables(settings: MigrateSettings) -> dict[str, str]:
    return {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in settings
        if value is not None
    }


# Each with the reason why the previous version does not need the removed part.
EXCEPTIONS: dict[str, str] = {}


def test_migrations_keep_everything_that_the_running_version_uses():
    versions = sorted((Path(migrations.__file__).parent / "versions").glob("[0-9]*.py"))
    assert versions
    destructive = re.compile(
        r"\bDROP\s+(TABLE|COLUMN|TYPE)\b|\bRENAME\b|drop_(table|column)|SET\s+NOT\s+NULL",
        re.IGNORECASE,
    )
    found = {path.name for path in versions if destructive.search(path.read_text())}
    assert found == EXCEPTIONS.keys()


def test_the_previous_release_works_with_the_new_schema(server: Server, empty_database: str):
    """The names in its statements exist, and the columns that they omit need no value."""
    migrate(migrate_settings(server, empty_database))
    with connect(server, empty_database) as connection:
        connection.execute(
            "INSERT INTO incidents (id, title, impact, status, started_at, updated_at) VALUES"
            " (gen_random_uuid(), 't', 'minor', 'investigating', now(), now())"
        )
        connection.execute(
            "INSERT INTO incident_updates (id, incident_id, status, body, created_at)"
            " SELECT gen_random_uuid(), id, 'identified', 'b', now() FROM incidents"
        )
        connection.execute(
            "INSERT INTO administrators (id, username, password_hash, created_at, updated_at)"
            " VALUES (gen_random_uuid(), 'jane', 'x', now(), now())"
        )
        connection.execute("UPDATE administrators SET password_hash = 'y', updated_at = now()")
