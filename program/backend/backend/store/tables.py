"""The tables as SQLAlchemy sees them. `backend.migrations` makes them; a test holds them equal."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from backend.domain.status import ComponentStatus, Impact, IncidentStatus

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def _enum(kind: type[StrEnum], name: str) -> pg.ENUM:
    return pg.ENUM(
        kind, name=name, create_type=False, values_callable=lambda e: [m.value for m in e]
    )


COMPONENT_STATUS = _enum(ComponentStatus, "component_status")
INCIDENT_STATUS = _enum(IncidentStatus, "incident_status")
IMPACT = _enum(Impact, "impact")
TIME = sa.DateTime(timezone=True)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, TIME, nullable=nullable)


def _reference(name: str, target: str, *, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.ForeignKey(target, ondelete="CASCADE"),
        nullable=False,
        primary_key=primary_key,
    )


# One row. Its value grows with every change of what the public sees (triggers do that), which makes
# it the key of cached documents. They do it at the commit, which puts commits in an order: whoever
# sees a value sees all that made it. Nobody waits for it while another decides what to write.
revision = sa.Table(
    "revision",
    metadata,
    sa.Column("singleton", sa.Boolean, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    _time("changed_at"),
    sa.CheckConstraint("singleton", name="one_row"),
)

components = sa.Table(
    "components",
    metadata,
    _id(),
    _text("name"),
    _text("name_ja", nullable=True),
    _text("description"),
    _text("description_ja", nullable=True),
    sa.Column("position", sa.Integer, nullable=False),
    # What an administrator said of it; `status` is the worst of that and of active incidents.
    sa.Column("own_status", COMPONENT_STATUS, nullable=False),
    sa.Column("status", COMPONENT_STATUS, nullable=False),
    _time("created_at"),
    _time("updated_at"),
)
sa.Index("components_name_key", sa.func.lower(components.c.name), unique=True)

# Since when until when (null: still) a component's `status` was what; without gaps or overlaps.
component_status_history = sa.Table(
    "component_status_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _reference("component_id", "components.id"),
    sa.Column("status", COMPONENT_STATUS, nullable=False),
    _time("started_at"),
    _time("ended_at", nullable=True),
    sa.CheckConstraint("ended_at > started_at", name="order"),
)
_history = component_status_history.c
sa.Index(
    "component_status_history_component_id_started_at_idx",
    _history.component_id,
    _history.started_at,
    unique=True,
)
sa.Index(
    "component_status_history_current_key",
    _history.component_id,
    unique=True,
    postgresql_where=_history.ended_at.is_(None),
)
# Uptime asks only for what was not operational, of late: few rows, whatever the history's length.
sa.Index(
    "component_status_history_not_operational_idx",
    _history.ended_at,
    postgresql_where=_history.status != sa.text("'operational'::component_status"),
)

incidents = sa.Table(
    "incidents",
    metadata,
    _id(),
    _text("title"),
    _text("title_ja", nullable=True),
    sa.Column("impact", IMPACT, nullable=False),
    sa.Column("status", INCIDENT_STATUS, nullable=False),
    _time("started_at"),
    _time("resolved_at", nullable=True),
    _time("updated_at"),
    sa.CheckConstraint("(status = 'resolved') = (resolved_at IS NOT NULL)", name="resolved"),
    sa.CheckConstraint("resolved_at >= started_at", name="order"),
)
sa.Index("incidents_started_at_id_idx", incidents.c.started_at, incidents.c.id)
sa.Index(
    "incidents_active_idx",
    incidents.c.started_at,
    incidents.c.id,
    postgresql_where=incidents.c.resolved_at.is_(None),
)

incident_components = sa.Table(
    "incident_components",
    metadata,
    _reference("incident_id", "incidents.id", primary_key=True),
    _reference("component_id", "components.id", primary_key=True),
    sa.Column("status", COMPONENT_STATUS, nullable=False),
)
sa.Index("incident_components_component_id_idx", incident_components.c.component_id)

incident_updates = sa.Table(
    "incident_updates",
    metadata,
    _id(),
    _reference("incident_id", "incidents.id"),
    sa.Column("status", INCIDENT_STATUS, nullable=False),
    _text("body"),
    _text("body_ja", nullable=True),
    _time("created_at"),
    _time("edited_at", nullable=True),
)
_updates = incident_updates.c
sa.Index("incident_updates_incident_id_created_at_idx", _updates.incident_id, _updates.created_at)
# Resolved once and for all, even if the code were wrong about it.
sa.Index(
    "incident_updates_resolved_key",
    _updates.incident_id,
    unique=True,
    postgresql_where=_updates.status == sa.text("'resolved'::incident_status"),
)

maintenances = sa.Table(
    "maintenances",
    metadata,
    _id(),
    _text("title"),
    _text("title_ja", nullable=True),
    _text("body"),
    _text("body_ja", nullable=True),
    _time("starts_at"),
    _time("ends_at"),
    _time("created_at"),
    _time("updated_at"),
    sa.CheckConstraint("ends_at > starts_at", name="order"),
)
sa.Index("maintenances_ends_at_idx", maintenances.c.ends_at)

maintenance_components = sa.Table(
    "maintenance_components",
    metadata,
    _reference("maintenance_id", "maintenances.id", primary_key=True),
    _reference("component_id", "components.id", primary_key=True),
)
sa.Index("maintenance_components_component_id_idx", maintenance_components.c.component_id)

administrators = sa.Table(
    "administrators",
    metadata,
    _id(),
    sa.Column("username", sa.Text, nullable=False, unique=True),
    _text("password_hash"),
    _time("created_at"),
    _time("updated_at"),
    _time("disabled_at", nullable=True),
    _time("last_signed_in_at", nullable=True),
)

# A token is a secret of 256 random bits, so that a plain SHA-256 of it is enough.
administrator_sessions = sa.Table(
    "administrator_sessions",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    _reference("administrator_id", "administrators.id"),
    _time("created_at"),
    _time("expires_at"),
)
sa.Index("administrator_sessions_administrator_id_idx", administrator_sessions.c.administrator_id)
sa.Index("administrator_sessions_expires_at_idx", administrator_sessions.c.expires_at)

# Browsers in which an administrator has signed in before: others cannot use up their attempts.
administrator_devices = sa.Table(
    "administrator_devices",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    _reference("administrator_id", "administrators.id"),
    _time("created_at"),
    _time("expires_at"),
)
sa.Index("administrator_devices_administrator_id_idx", administrator_devices.c.administrator_id)

# What programs sign in with. One that is revoked stays, for the audit trail names it.
api_keys = sa.Table(
    "api_keys",
    metadata,
    _id(),
    _text("name"),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("scopes", pg.ARRAY(sa.Text), nullable=False),
    _text("created_by"),
    _time("created_at"),
    _time("last_used_at", nullable=True),
    _time("revoked_at", nullable=True),
)
sa.Index(
    "api_keys_name_key",
    sa.func.lower(api_keys.c.name),
    unique=True,
    postgresql_where=api_keys.c.revoked_at.is_(None),
)

# Incidents that are not published. A table of their own: no query for the public can show one.
incident_drafts = sa.Table(
    "incident_drafts",
    metadata,
    _id(),
    sa.Column("content", pg.JSONB, nullable=False),
    _text("created_by"),
    _time("created_at"),
)

# Who did what and when. The application's role may only add to it.
audit_records = sa.Table(
    "audit_records",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _time("at"),
    _text("actor_kind"),
    _text("actor_name"),
    _text("action"),
    sa.Column("subject_id", sa.Uuid, nullable=True),
    _text("title"),
    sa.Column("before", pg.JSONB(none_as_null=True), nullable=True),
    sa.Column("after", pg.JSONB(none_as_null=True), nullable=True),
)
sa.Index("audit_records_subject_id_idx", audit_records.c.subject_id)

# What a request with an Idempotency-Key was answered, for when it comes again.
idempotency_records = sa.Table(
    "idempotency_records",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=True),
    sa.Column("body", sa.Text, nullable=True),
    sa.Column("location", sa.Text, nullable=True),
    _time("created_at"),
)
sa.Index("idempotency_records_created_at_idx", idempotency_records.c.created_at)

# How often a key (a hash of whom or from where) was tried since its window began.
sign_in_attempts = sa.Table(
    "sign_in_attempts",
    metadata,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    _time("expires_at"),
)
sa.Index("sign_in_attempts_expires_at_idx", sign_in_attempts.c.expires_at)

# What the public sees: a change of any of these makes the revision grow.
PUBLIC_TABLES = (
    "components",
    "component_status_history",
    "incidents",
    "incident_components",
    "incident_updates",
    "maintenances",
    "maintenance_components",
)
