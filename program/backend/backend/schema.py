"""The schema's revision, and its way to this version's.

Alembic and SQLAlchemy take longer to load than all the rest of a migration. They are loaded only
when a migration is missing, which is so at one release of several, and at no restart.
"""

from __future__ import annotations

import logging
from importlib import resources

from psycopg import Connection

logger = logging.getLogger(__name__)


class MigrationError(Exception):
    """This version cannot bring the database up to date."""


def revisions() -> list[str]:
    """This version's, in order: the numbers of the migrations' files."""
    files = resources.files("backend.migrations.versions").iterdir()
    return sorted(file.name[:4] for file in files if file.name[:4].isdecimal())


def upgrade(connection: Connection[tuple[object, ...]]) -> None:
    """Apply the missing migrations, all or none.

    A later version's schema is left alone: migrations remove nothing that the version before uses.
    Raises MigrationError if the schema's revision is neither known nor later.
    """
    current, known = _current(connection), revisions()
    if current == known[-1]:
        return
    if current is None or current in known:
        _run_alembic(connection)
        return
    if not (current.isdecimal() and len(current) == len(known[-1]) and current > known[-1]):
        raise MigrationError(
            f"the schema is at revision {current}, which is neither one of this version's nor later"
            f" than its last, {known[-1]}: is this the database that DATABASE_NAME should name?"
        )
    logger.warning("the schema is at %s, newer than this version: it stays as it is", current)


def _current(connection: Connection[tuple[object, ...]]) -> str | None:
    """The schema's revision; None of an empty database."""
    [(table,)] = connection.execute("SELECT to_regclass('alembic_version')").fetchall()
    found = connection.execute("SELECT version_num FROM alembic_version") if table else None
    row = found.fetchone() if found else None
    connection.commit()
    return str(row[0]) if row else None


def _run_alembic(connection: Connection[tuple[object, ...]]) -> None:
    import sqlalchemy as sa  # noqa: PLC0415 - see above
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    # A statement that waits for a table's lock makes all later ones wait behind it.
    connection.execute("SET lock_timeout = '30s'")
    connection.commit()
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: connection,
        poolclass=sa.StaticPool,
        hide_parameters=True,
    )
    config = Config()
    config.set_main_option("script_location", "backend:migrations")
    with engine.connect() as joined:
        config.attributes["connection"] = joined
        command.upgrade(config, "head")
        joined.commit()
