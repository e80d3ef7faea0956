"""The revision grows when a change commits, so that other changes need not wait for its row."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PUBLIC_TABLES = (
    "components",
    "component_status_history",
    "incidents",
    "incident_components",
    "incident_updates",
    "maintenances",
    "maintenance_components",
)

# Once in a transaction, however many rows it changes: it skips the row if it has written it
# already.
_FUNCTION = """
CREATE OR REPLACE FUNCTION grow_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE revision SET value = value + 1, changed_at = greatest(changed_at, clock_timestamp())
     WHERE xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END
$$;
"""


def upgrade() -> None:
    # Every transaction reads this table before those below, so none is interrupted half-way.
    op.execute("LOCK TABLE revision IN ACCESS EXCLUSIVE MODE")
    op.execute(_FUNCTION)
    for table in _PUBLIC_TABLES:
        op.execute(f"DROP TRIGGER {table}_changed ON {table}")
        # A deferred trigger fires per row; TRUNCATE has no rows.
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION grow_revision()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_emptied AFTER TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION grow_revision()"
        )
