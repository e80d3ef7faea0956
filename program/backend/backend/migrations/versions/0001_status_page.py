"""Components, incidents, maintenance, administrators, and the revision that counts changes."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
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


def upgrade() -> None:
    for statement in (_TYPES, _REVISION, _COMPONENTS, _INCIDENTS, _MAINTENANCES, _ADMINISTRATORS):
        op.execute(statement)
    for table in _PUBLIC_TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
            f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION grow_revision()"
        )


# Each enum's order is its severity, so that max() and GREATEST() mean "worst".
_TYPES = """
CREATE TYPE component_status AS ENUM (
    'operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage'
);
CREATE TYPE incident_status AS ENUM ('investigating', 'identified', 'monitoring', 'resolved');
CREATE TYPE impact AS ENUM ('none', 'minor', 'major', 'critical');
"""

_REVISION = """
CREATE TABLE revision (
    singleton boolean CONSTRAINT revision_pkey PRIMARY KEY DEFAULT true
        CONSTRAINT revision_one_row_check CHECK (singleton),
    value bigint NOT NULL,
    changed_at timestamptz NOT NULL
);
INSERT INTO revision (value, changed_at) VALUES (0, clock_timestamp());

CREATE FUNCTION grow_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE revision SET value = value + 1, changed_at = greatest(changed_at, clock_timestamp());
    RETURN NULL;
END
$$;
"""

_COMPONENTS = """
CREATE TABLE components (
    id uuid CONSTRAINT components_pkey PRIMARY KEY,
    name text NOT NULL,
    name_ja text,
    description text NOT NULL,
    description_ja text,
    position integer NOT NULL,
    own_status component_status NOT NULL,
    status component_status NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX components_name_key ON components (lower(name));

CREATE TABLE component_status_history (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT component_status_history_pkey PRIMARY KEY,
    component_id uuid NOT NULL CONSTRAINT component_status_history_component_id_fkey
        REFERENCES components (id) ON DELETE CASCADE,
    status component_status NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT component_status_history_order_check CHECK (ended_at > started_at)
);
CREATE UNIQUE INDEX component_status_history_component_id_started_at_idx
    ON component_status_history (component_id, started_at);
CREATE UNIQUE INDEX component_status_history_current_key
    ON component_status_history (component_id) WHERE ended_at IS NULL;
CREATE INDEX component_status_history_not_operational_idx
    ON component_status_history (ended_at) WHERE status <> 'operational';
"""

_INCIDENTS = """
CREATE TABLE incidents (
    id uuid CONSTRAINT incidents_pkey PRIMARY KEY,
    title text NOT NULL,
    title_ja text,
    impact impact NOT NULL,
    status incident_status NOT NULL,
    started_at timestamptz NOT NULL,
    resolved_at timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT incidents_resolved_check CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT incidents_order_check CHECK (resolved_at >= started_at)
);
CREATE INDEX incidents_started_at_id_idx ON incidents (started_at, id);
CREATE INDEX incidents_active_idx ON incidents (started_at, id) WHERE resolved_at IS NULL;

CREATE TABLE incident_components (
    incident_id uuid NOT NULL CONSTRAINT incident_components_incident_id_fkey
        REFERENCES incidents (id) ON DELETE CASCADE,
    component_id uuid NOT NULL CONSTRAINT incident_components_component_id_fkey
        REFERENCES components (id) ON DELETE CASCADE,
    status component_status NOT NULL,
    CONSTRAINT incident_components_pkey PRIMARY KEY (incident_id, component_id)
);
CREATE INDEX incident_components_component_id_idx ON incident_components (component_id);

CREATE TABLE incident_updates (
    id uuid CONSTRAINT incident_updates_pkey PRIMARY KEY,
    incident_id uuid NOT NULL CONSTRAINT incident_updates_incident_id_fkey
        REFERENCES incidents (id) ON DELETE CASCADE,
    status incident_status NOT NULL,
    body text NOT NULL,
    body_ja text,
    created_at timestamptz NOT NULL
);
CREATE INDEX incident_updates_incident_id_created_at_idx
    ON incident_updates (incident_id, created_at);
CREATE UNIQUE INDEX incident_updates_resolved_key
    ON incident_updates (incident_id) WHERE status = 'resolved';
"""

_MAINTENANCES = """
CREATE TABLE maintenances (
    id uuid CONSTRAINT maintenances_pkey PRIMARY KEY,
    title text NOT NULL,
    title_ja text,
    body text NOT NULL,
    body_ja text,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT maintenances_order_check CHECK (ends_at > starts_at)
);
CREATE INDEX maintenances_ends_at_idx ON maintenances (ends_at);

CREATE TABLE maintenance_components (
    maintenance_id uuid NOT NULL CONSTRAINT maintenance_components_maintenance_id_fkey
        REFERENCES maintenances (id) ON DELETE CASCADE,
    component_id uuid NOT NULL CONSTRAINT maintenance_components_component_id_fkey
        REFERENCES components (id) ON DELETE CASCADE,
    CONSTRAINT maintenance_components_pkey PRIMARY KEY (maintenance_id, component_id)
);
CREATE INDEX maintenance_components_component_id_idx ON maintenance_components (component_id);
"""

_ADMINISTRATORS = """
CREATE TABLE administrators (
    id uuid CONSTRAINT administrators_pkey PRIMARY KEY,
    username text NOT NULL CONSTRAINT administrators_username_key UNIQUE,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE administrator_sessions (
    token_hash bytea CONSTRAINT administrator_sessions_pkey PRIMARY KEY,
    administrator_id uuid NOT NULL CONSTRAINT administrator_sessions_administrator_id_fkey
        REFERENCES administrators (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX administrator_sessions_administrator_id_idx
    ON administrator_sessions (administrator_id);
CREATE INDEX administrator_sessions_expires_at_idx ON administrator_sessions (expires_at);

CREATE TABLE sign_in_attempts (
    key bytea CONSTRAINT sign_in_attempts_pkey PRIMARY KEY,
    attempts integer NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_expires_at_idx ON sign_in_attempts (expires_at);
"""
