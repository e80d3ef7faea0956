"""The stored things as frozen values; times are in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from backend.domain.status import ComponentStatus, Impact, IncidentStatus, MaintenanceStatus


@dataclass(frozen=True, slots=True)
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
    edited_at: dt.datetime | None


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
    updates: tuple[IncidentUpdate, ...]

    @property
    def component_ids(self) -> frozenset[UUID]:
        return frozenset(component.id for component in self.components)


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
