"""Incidents, their updates, and the components they affect."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from backend.api.fields import Body, Id, Time, Title
from backend.api.models.base import Incoming, Outgoing, nothing, now
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
    occurred_at: Time | None = Field(
        default=None,
        description="When it began, for an incident that is reported later; left out: now. The "
        "recorded uptime stays as it is.",
    )
    draft_id: Id | None = Field(
        default=None, description="The draft to publish; it is deleted afterwards."
    )


class DraftCreate(Incoming):
    """As `IncidentCreate`. Only administrators see it until one of them publishes it."""

    title: Title
    title_ja: Title | None = None
    impact: Impact = Impact.MINOR
    status: IncidentStatus = Field(
        default=IncidentStatus.INVESTIGATING, description="Anything but `resolved`."
    )
    components: AffectedComponents = Field(default_factory=list)
    body: Body
    body_ja: Body | None = None
    occurred_at: Time | None = None


class DraftContent(Outgoing):
    title: str
    title_ja: str | None
    impact: Impact
    status: IncidentStatus
    components: list[AffectedComponentInput]
    body: str
    body_ja: str | None
    occurred_at: dt.datetime | None


class Draft(Outgoing):
    id: UUID
    content: DraftContent = Field(description="A body for `POST /incidents`.")
    created_by: str
    created_at: dt.datetime


class DraftList(Outgoing):
    drafts: list[Draft] = Field(description="Newest first.")


class IncidentPatch(Incoming):
    """Only the members that are present change; the status changes through an update."""

    title: Title = Field(default_factory=str)
    title_ja: Title | None = Field(default_factory=nothing)
    impact: Impact = Field(default_factory=lambda: Impact.NONE)
    components: AffectedComponents = Field(
        default_factory=list,
        description="Replaces the list; 409 once the incident is resolved.",
    )
    started_at: Time = Field(
        default_factory=now, description="Not later than the incident's first update."
    )


class IncidentUpdateCreate(Incoming):
    status: IncidentStatus
    body: Body
    body_ja: Body | None = None
    components: AffectedComponents | None = Field(
        default=None,
        description="Replaces the incident's list of components; left out: as it was.",
    )
    occurred_at: Time | None = Field(
        default=None,
        description="When it happened, for an update that is posted later; left out: now. With "
        "a time before the end, an update can be added to a resolved incident.",
    )


class IncidentUpdatePatch(Incoming):
    """Only the members that are present change."""

    status: IncidentStatus = Field(
        default_factory=lambda: IncidentStatus.INVESTIGATING,
        description="`resolved` only for the newest update.",
    )
    body: Body = Field(default_factory=str)
    body_ja: Body | None = Field(default_factory=nothing)
    occurred_at: Time = Field(default_factory=now)


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
    created_at: dt.datetime = Field(description="When it happened: its `occurred_at`, if given.")
    edited_at: dt.datetime | None = Field(description="When it was last edited; null: never.")


class Incident(Outgoing):
    id: UUID
    title: str
    title_ja: str | None
    impact: Impact
    status: IncidentStatus = Field(description="That of the newest update.")
    components: list[AffectedComponent] = Field(description="By position.")
    started_at: dt.datetime
    resolved_at: dt.datetime | None
    updated_at: dt.datetime
    updates: list[IncidentUpdate] = Field(description="Newest first.")


class IncidentList(Outgoing):
    incidents: list[Incident] = Field(description="Newest first.")
    next: str | None = Field(
        description="Give it as `before` for the next page; null on the last page."
    )
