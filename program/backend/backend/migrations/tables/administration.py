"""The tables that only administrators see."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from backend.migrations.tables.columns import id_column, metadata, reference, text, time

administrators = sa.Table(
    "administrators",
    metadata,
    id_column(),
    sa.Column("username", sa.Text, nullable=False, unique=True),
    text("password_hash"),
    time("created_at"),
    time("updated_at"),
    time("disabled_at", nullable=True),
    time("last_signed_in_at", nullable=True),
)

# A token is a secret of 256 random bits, so a plain SHA-256 of it is enough.
administrator_sessions = sa.Table(
    "administrator_sessions",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    reference("administrator_id", "administrators.id"),
    time("created_at"),
    time("expires_at"),
)
sa.Index("administrator_sessions_administrator_id_idx", administrator_sessions.c.administrator_id)
sa.Index("administrator_sessions_expires_at_idx", administrator_sessions.c.expires_at)

# Browsers with an earlier sign-in of an administrator: strangers cannot use up their attempts.
administrator_devices = sa.Table(
    "administrator_devices",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    reference("administrator_id", "administrators.id"),
    time("created_at"),
    time("expires_at"),
)
sa.Index("administrator_devices_administrator_id_idx", administrator_devices.c.administrator_id)

# Credentials of programs. A revoked key stays: the audit trail names it.
api_keys = sa.Table(
    "api_keys",
    metadata,
    id_column(),
    text("name"),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
    text("created_by"),
    time("created_at"),
    time("last_used_at", nullable=True),
    time("revoked_at", nullable=True),
)
sa.Index(
    "api_keys_name_key",
    sa.func.lower(api_keys.c.name),
    unique=True,
    postgresql_where=api_keys.c.revoked_at.is_(None),
)

# Unpublished incidents. In a table of their own, so that no public query can show one.
incident_drafts = sa.Table(
    "incident_drafts",
    metadata,
    id_column(),
    sa.Column("content", pg.JSONB, nullable=False),
    text("created_by"),
    time("created_at"),
)

# Who did what and when. The application's role may only add to it.
audit_records = sa.Table(
    "audit_records",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    time("at"),
    text("actor_kind"),
    text("actor_name"),
    text("action"),
    sa.Column("subject_id", sa.Uuid, nullable=True),
    text("title"),
    sa.Column("before", pg.JSONB(none_as_null=True), nullable=True),
    sa.Column("after", pg.JSONB(none_as_null=True), nullable=True),
)
sa.Index("audit_records_subject_id_idx", audit_records.c.subject_id)

# Answers to requests with an Idempotency-Key, for their repetition.
idempotency_records = sa.Table(
    "idempotency_records",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=True),
    sa.Column("body", sa.Text, nullable=True),
    sa.Column("location", sa.Text, nullable=True),
    time("created_at"),
)
sa.Index("idempotency_records_created_at_idx", idempotency_records.c.created_at)

# Attempts since the window began, by a key: a hash of a name, an address or both.
sign_in_attempts = sa.Table(
    "sign_in_attempts",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    time("expires_at"),
)
sa.Index("sign_in_attempts_expires_at_idx", sign_in_attempts.c.expires_at)
