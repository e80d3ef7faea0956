"""The values in the backend's answers.

scripts/api_model.py writes them from its contract; `/api/docs` explains the members.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    kind: ActorKind
    name: str


class ActorKind(StrEnum):
    ADMINISTRATOR = "administrator"
    API_KEY = "api_key"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    id: UUID
    username: str
    created_at: dt.datetime
    last_signed_in_at: dt.datetime | None
    disabled_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministratorList:
    administrators: tuple[Administrator, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedComponent:
    id: UUID
    name: str
    name_ja: str | None
    status: ComponentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedComponentInput:
    id: UUID
    status: ComponentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    id: UUID
    name: str
    scopes: tuple[Scope, ...]
    created_by: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyList:
    keys: tuple[ApiKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditList:
    records: tuple[AuditRecord, ...]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    id: int
    at: dt.datetime
    actor: Actor
    action: str
    subject_id: UUID | None
    title: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    id: UUID
    name: str
    name_ja: str | None
    description: str
    description_ja: str | None
    position: int
    status: ComponentStatus
    created_at: dt.datetime
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentList:
    components: tuple[Component, ...]


class ComponentStatus(StrEnum):
    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentUptime:
    component_id: UUID
    name: str
    name_ja: str | None
    uptime_percent: float | None
    days: tuple[UptimeDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSession:
    username: str
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    id: UUID
    content: DraftContent
    created_by: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftContent:
    title: str
    title_ja: str | None
    impact: Impact
    status: IncidentStatus
    components: tuple[AffectedComponentInput, ...]
    body: str
    body_ja: str | None
    occurred_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftList:
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    status: str


class Impact(StrEnum):
    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    id: UUID
    title: str
    title_ja: str | None
    impact: Impact
    status: IncidentStatus
    components: tuple[AffectedComponent, ...]
    started_at: dt.datetime
    resolved_at: dt.datetime | None
    updated_at: dt.datetime
    updates: tuple[IncidentUpdate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentList:
    incidents: tuple[Incident, ...]
    next: str | None


class IncidentStatus(StrEnum):
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUpdate:
    id: UUID
    status: IncidentStatus
    body: str
    body_ja: str | None
    created_at: dt.datetime
    edited_at: dt.datetime | None


class Indicator(StrEnum):
    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    id: UUID
    title: str
    title_ja: str | None
    body: str
    body_ja: str | None
    status: MaintenanceStatus
    starts_at: dt.datetime
    ends_at: dt.datetime
    components: tuple[MaintenanceComponent, ...]
    created_at: dt.datetime
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceComponent:
    id: UUID
    name: str
    name_ja: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceList:
    maintenances: tuple[Maintenance, ...]


class MaintenanceStatus(StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    key: ApiKey
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    administrator: Administrator
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    token: str
    expires_at: dt.datetime
    device: str


class Scope(StrEnum):
    INCIDENTS_DRAFT = "incidents:draft"
    INCIDENTS_WRITE = "incidents:write"
    COMPONENTS_WRITE = "components:write"
    MAINTENANCES_WRITE = "maintenances:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    indicator: Indicator
    updated_at: dt.datetime
    components: tuple[Component, ...]
    incidents: tuple[Incident, ...]
    maintenances: tuple[Maintenance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    days: int
    components: tuple[ComponentUptime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UptimeDay:
    date: dt.date
    status: ComponentStatus | None
    downtime_seconds: int
    uptime_percent: float | None
