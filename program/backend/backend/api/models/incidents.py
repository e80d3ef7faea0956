"""Incidents, their updates, and the components they affect."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from backend.api.fields import Body, Id, Title
from backend.api.models.base import Incoming, Outgoing, nothing
from backend.domain.status import ComponentStatus, Impact, IncidentStatus


class AffectedComponentInput(Incoming):
    id: Id
    status: ComponentStatus = Field(description="The component's status during the incident.")


AffectedComponents = Annotated[list[AffectedComponentInput], Field(max_length=100)]


class IncidentCreate(Incoming):
    title: Title
    title_ja: Title | None = None
    impact: Impact
    status: IncidentStatus = Field(
        default=IncidentStatus.INVESTIGATING, description="Anything but `resolved`."
    )
    components: AffectedComponents = Field(default_factory=list)
    body: Body = Field(description="The first update's text.")
    body_ja: Body | None = None


class IncidentPatch(Incoming):
    """Only the members that are present change; the status changes through an update."""

    title: Title = Field(default_factory=str)
    title_ja: Title | None = Field(default_factory=nothing)
    impact: Impact = Field(default_factory=lambda: Impact.NONE)
    components: AffectedComponents = Field(
        default_factory=list,
        description="Replaces the list; 409 once the incident is resolved.",
    )


class IncidentUpdateCreate(Incoming):
    status: IncidentStatus
    body: Body
    body_ja: Body | None = None
    components: AffectedComponents | None = Field(
        default=None,
        description="Replaces the incident's list of components; left out: as it was.",
    )


class AffectedComponent(Outgoing):
    id: UUID
    name: str
    name_ja: str | None
    status: ComponentStatus = Field(description="The component's status during the incident.")


class IncidentUpdate(Outgoing):
    id: UUID
    status: IncidentStatus
    body: str
    body_ja: str | None
    created_at: dt.datetime


class Incident(Outgoing):
    id: UUID
    title: str
    title_ja: str | None
    impact: Impact
    status: IncidentStatus = Field(description="That of the newest update; `resolved` is final.")
    components: list[AffectedComponent] = Field(description="By position.")
    started_at: dt.datetime
    resolved_at: dt.datetime | None
    updated_at: dt.datetime
    updates: list[IncidentUpdate] = Field(description="Newest first.")


class IncidentList(Outgoing):
    incidents: list[Incident] = Field(description="Newest first.")
    next: str | None = Field(
        description="Give it as `before` for the page that follows; null on the last page."
    )
