"""The values in the backend's answers. Unused members are not read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ComponentStatus(StrEnum):
    """From best to worst."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"


class IncidentStatus(StrEnum):
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Impact(StrEnum):
    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class MaintenanceStatus(StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Indicator(StrEnum):
    """The whole page in one word, from well to worst."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Component:
    id: UUID
    name: str
    name_ja: str | None
    description: str
    description_ja: str | None
    position: int
    status: ComponentStatus
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AffectedComponent:
    id: UUID
    name: str
    name_ja: str | None
    status: ComponentStatus


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    id: UUID
    status: IncidentStatus
    body: str
    body_ja: str | None
    created_at: dt.datetime
    edited_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
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
    updates: tuple[IncidentUpdate, ...]  # newest first


@dataclass(frozen=True, slots=True)
class IncidentList:
    incidents: tuple[Incident, ...]  # newest first
    next: str | None


@dataclass(frozen=True, slots=True)
class AffectedByDraft:
    id: UUID
    status: ComponentStatus


@dataclass(frozen=True, slots=True)
class DraftContent:
    title: str
    title_ja: str | None
    impact: Impact
    status: IncidentStatus
    components: tuple[AffectedByDraft, ...]
    body: str
    body_ja: str | None
    occurred_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Draft:
    id: UUID
    content: DraftContent
    created_by: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DraftList:
    drafts: tuple[Draft, ...]  # newest first


@dataclass(frozen=True, slots=True)
class MaintenanceComponent:
    id: UUID
    name: str
    name_ja: str | None


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class MaintenanceList:
    maintenances: tuple[Maintenance, ...]


@dataclass(frozen=True, slots=True)
class Status:
    indicator: Indicator
    updated_at: dt.datetime
    components: tuple[Component, ...]
    incidents: tuple[Incident, ...]
    maintenances: tuple[Maintenance, ...]


@dataclass(frozen=True, slots=True)
class UptimeDay:
    date: dt.date
    status: ComponentStatus | None  # None: the component did not exist yet
    downtime_seconds: int
    uptime_percent: float | None


@dataclass(frozen=True, slots=True)
class ComponentUptime:
    component_id: UUID
    uptime_percent: float | None
    days: tuple[UptimeDay, ...]  # oldest first


@dataclass(frozen=True, slots=True)
class Uptime:
    days: int
    components: tuple[ComponentUptime, ...]


@dataclass(frozen=True, slots=True)
class NewSession:
    token: str
    expires_at: dt.datetime
    device: str = ""


@dataclass(frozen=True, slots=True)
class CurrentSession:
    username: str


@dataclass(frozen=True, slots=True)
class ComponentList:
    components: tuple[Component, ...]  # by position
