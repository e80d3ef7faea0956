"""The tables as the migrations make them, which a test compares; the program speaks SQL."""

from backend.migrations.tables.administration import (
    administrator_devices,
    administrator_sessions,
    administrators,
    api_keys,
    audit_records,
    idempotency_records,
    incident_drafts,
    sign_in_attempts,
)
from backend.migrations.tables.columns import metadata
from backend.migrations.tables.page import (
    PUBLIC_TABLES,
    component_status_history,
    components,
    incident_components,
    incident_updates,
    incidents,
    maintenance_components,
    maintenances,
    revision,
)

__all__ = [
    "PUBLIC_TABLES",
    "administrator_devices",
    "administrator_sessions",
    "administrators",
    "api_keys",
    "audit_records",
    "component_status_history",
    "components",
    "idempotency_records",
    "incident_components",
    "incident_drafts",
    "incident_updates",
    "incidents",
    "maintenance_components",
    "maintenances",
    "metadata",
    "revision",
    "sign_in_attempts",
]
