"""The tables of public data."""

from __future__ import annotations

import sqlalchemy as sa

from backend.migrations.tables.columns import (
    COMPONENT_STATUS,
    IMPACT,
    INCIDENT_STATUS,
    id_column,
    metadata,
    reference,
    text,
    time,
)

# One row. Triggers increase its value with every change of public data, so it is the key of cached
# documents. They run at the commit, and so put commits in an order: a reader that sees a value sees
# all changes up to it. A transaction does not hold the row while it is still deciding.
revision = sa.Table(
    "revision",
    metadata,
    sa.Column("singleton", sa.Boolean, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    time("changed_at"),
    sa.CheckConstraint("singleton", name="one_row"),
)

components = sa.Table(
    "components",
    metadata,
    id_column(),
    text("name"),
    text("name_ja", nullable=True),
    text("description"),
    text("description_ja", nullable=True),
    sa.Column("position", sa.Integer, nullable=False),
    # Set by an administrator; `status` is the worst of this and of active incidents.
    sa.Column("own_status", COMPONENT_STATUS, nullable=False),
    sa.Column("status", COMPONENT_STATUS, nullable=False),
    time("created_at"),
    time("updated_at"),
)
sa.Index("components_name_key", sa.func.lower(components.c.name), unique=True)

# The history of a component's `status`, without gaps or overlaps; null: it still lasts.
component_status_history = sa.Table(
    "component_status_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    reference("component_id", "components.id"),
    sa.Column("status", COMPONENT_STATUS, nullable=False),
    time("started_at"),
    time("ended_at", nullable=True),
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
# Uptime reads only recent rows that are not operational: few, however long the history is.
sa.Index(
    "component_status_history_not_operational_idx",
    _history.ended_at,
    postgresql_where=_history.status != sa.text("'operational'::component_status"),
)

incidents = sa.Table(
    "incidents",
    metadata,
    id_column(),
    text("title"),
    text("title_ja", nullable=True),
    sa.Column("impact", IMPACT, nullable=False),
    sa.Column("status", INCIDENT_STATUS, nullable=False),
    time("started_at"),
    time("resolved_at", nullable=True),
    time("updated_at"),
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
    reference("incident_id", "incidents.id", primary_key=True),
    reference("component_id", "components.id", primary_key=True),
    sa.Column("status", COMPONENT_STATUS, nullable=False),
)
sa.Index("incident_components_component_id_idx", incident_components.c.component_id)

incident_updates = sa.Table(
    "incident_updates",
    metadata,
    id_column(),
    reference("incident_id", "incidents.id"),
    sa.Column("status", INCIDENT_STATUS, nullable=False),
    text("body"),
    text("body_ja", nullable=True),
    time("created_at"),
    time("edited_at", nullable=True),
)
_updates = incident_updates.c
sa.Index("incident_updates_incident_id_created_at_idx", _updates.incident_id, _updates.created_at)
# At most one update resolves an incident, even if the code is wrong.
sa.Index(
    "incident_updates_resolved_key",
    _updates.incident_id,
    unique=True,
    postgresql_where=_updates.status == sa.text("'resolved'::incident_status"),
)

maintenances = sa.Table(
    "maintenances",
    metadata,
    id_column(),
    text("title"),
    text("title_ja", nullable=True),
    text("body"),
    text("body_ja", nullable=True),
    time("starts_at"),
    time("ends_at"),
    time("created_at"),
    time("updated_at"),
    sa.CheckConstraint("ends_at > starts_at", name="order"),
)
sa.Index("maintenances_ends_at_idx", maintenances.c.ends_at)

maintenance_components = sa.Table(
    "maintenance_components",
    metadata,
    reference("maintenance_id", "maintenances.id", primary_key=True),
    reference("component_id", "components.id", primary_key=True),
)
sa.Index("maintenance_components_component_id_idx", maintenance_components.c.component_id)

# Public data: a change of any of these tables increases the revision.
PUBLIC_TABLES = (
    "components",
    "component_status_history",
    "incidents",
    "incident_components",
    "incident_updates",
    "maintenances",
    "maintenance_components",
)
