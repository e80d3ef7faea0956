"""Scheduled maintenance."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from backend.api.fields import Body, Id, Time, Title
from backend.api.models.base import Incoming, Outgoing, nothing, now
from backend.domain.status import MaintenanceStatus


class MaintenanceCreate(Incoming):
    title: Title
    title_ja: Title | None = None
    body: Body
    body_ja: Body | None = None
    starts_at: Time
    ends_at: Time = Field(description="After `starts_at`, by at most 31 days.")
    component_ids: Annotated[list[Id], Field(max_length=100)] = Field(default_factory=list)


class MaintenancePatch(Incoming):
    """Only the members that are present change."""

    title: Title = Field(default_factory=str)
    title_ja: Title | None = Field(default_factory=nothing)
    body: Body = Field(default_factory=str)
    body_ja: Body | None = Field(default_factory=nothing)
    starts_at: Time = Field(default_factory=now)
    ends_at: Time = Field(default_factory=now)
    component_ids: Annotated[list[Id], Field(max_length=100)] = Field(default_factory=list)


class MaintenanceComponent(Outgoing):
    id: UUID
    name: str
    name_ja: str | None


class Maintenance(Outgoing):
    id: UUID
    title: str
    title_ja: str | None
    body: str
    body_ja: str | None
    status: MaintenanceStatus = Field(description="Follows from the time.")
    starts_at: dt.datetime
    ends_at: dt.datetime
    components: list[MaintenanceComponent]
    created_at: dt.datetime
    updated_at: dt.datetime


class MaintenanceList(Outgoing):
    maintenances: list[Maintenance] = Field(
        description="In progress and scheduled by start, then those completed, newest first."
    )
