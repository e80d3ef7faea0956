"""Several administrators, API keys, drafts, the audit trail, and idempotency records.

The previous release works as before: it does not use the new tables, and new columns are nullable.
A disabled administrator has no password hash, so the previous release refuses them too. Drafts have
their own table, so it does not show them as incidents.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in (_COLUMNS, _DEVICES, _KEYS, _DRAFTS, _AUDIT, _IDEMPOTENCY):
        op.execute(statement)


_COLUMNS = """
ALTER TABLE administrators
    ADD COLUMN disabled_at timestamptz,
    ADD COLUMN last_signed_in_at timestamptz;
ALTER TABLE incident_updates ADD COLUMN edited_at timestamptz;
"""

_DEVICES = """
CREATE TABLE administrator_devices (
    token_hash bytea CONSTRAINT administrator_devices_pkey PRIMARY KEY,
    administrator_id uuid NOT NULL CONSTRAINT administrator_devices_administrator_id_fkey
        REFERENCES administrators (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX administrator_devices_administrator_id_idx
    ON administrator_devices (administrator_id);
"""

_KEYS = """
CREATE TABLE api_keys (
    id uuid CONSTRAINT api_keys_pkey PRIMARY KEY,
    name text NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT api_keys_token_hash_key UNIQUE,
    scopes text[] NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX api_keys_name_key ON api_keys (lower(name)) WHERE revoked_at IS NULL;
"""

_DRAFTS = """
CREATE TABLE incident_drafts (
    id uuid CONSTRAINT incident_drafts_pkey PRIMARY KEY,
    content jsonb NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL
);
"""

# No references: a record outlives its subject.
_AUDIT = """
CREATE TABLE audit_records (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_records_pkey PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_name text NOT NULL,
    action text NOT NULL,
    subject_id uuid,
    title text NOT NULL,
    before jsonb,
    after jsonb
);
CREATE INDEX audit_records_subject_id_idx ON audit_records (subject_id);
"""

_IDEMPOTENCY = """
CREATE TABLE idempotency_records (
    key bytea CONSTRAINT idempotency_records_pkey PRIMARY KEY,
    request bytea NOT NULL,
    status smallint,
    body text,
    location text,
    created_at timestamptz NOT NULL
);
CREATE INDEX idempotency_records_created_at_idx ON idempotency_records (created_at);
"""
