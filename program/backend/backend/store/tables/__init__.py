"""The tables for SQLAlchemy. `backend.migrations` creates them; a test compares both."""

from backend.store.tables.administration import (
    administrator_devices,
    administrator_sessions,
    administrators,
    api_keys,
    audit_records,
    idempotency_records,
    incident_drafts,
    sign_in_attempts,
)
from backend.store.tables.columns import metadata
from backend.store.tables.page import (
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
