"""Runs the migrations on the connection that `backend.migrate` hands over."""

from __future__ import annotations

from alembic import context

from backend.migrations.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # All or nothing, also over several migrations: PostgreSQL's DDL is transactional.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
