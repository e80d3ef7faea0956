"""The HTTP contract: what goes in and what comes out, as `/api/openapi.json` publishes it.

Incoming models forbid unknown members and bound every length; a text is trimmed and holds no
control characters besides line breaks and tabs (PostgreSQL cannot store NUL). Times are RFC 3339
in UTC. A member whose name ends in `_ja` is the Japanese text; null means "show the English one".
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from backend.api.fields import (
    Body,
    Description,
    Name,
    NewPassword,
    Password,
    Position,
    Time,
    Title,
    Username,
)
from backend.domain.status import (
    ComponentStatus,
    Impact,
    IncidentStatus,
    Indicator,
    MaintenanceStatus,
)


# A patch's members have a default factory only to be optional: factories, unlike defaults, are not
# published in the schema, and only members that were sent (`model_fields_set`) are ever read.
def _none() -> None:
    return None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Incoming(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Outgoing(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


# Components


class ComponentCreate(Incoming):
    name: Name = Field(description="Unique, regardless of letter case.")
    name_ja: Name | None = None
    description: Description = ""
    description_ja: Description | None = None
    position: Position | None = Field(default=None, description="Left out: after all others.")
    status: ComponentStatus = ComponentStatus.OPERATIONAL


class ComponentPatch(Incoming):
    """Only the members that are present change; null clears a `_ja` member."""

    name: Name = Field(default_factory=str)
    name_ja: Name | None = Field(default_factory=_none)
    description: Description = Field(default_factory=str)
    description_ja: Description | None = Field(default_factory=_none)
    position: Position = Field(default_factory=int)
    status: ComponentStatus = Field(
        default_factory=lambda: ComponentStatus.OPERATIONAL,
        description="409 if an active incident holds the component in a worse status.",
    )


class Component(Outgoing):
    id: UUID
    name: str
    name_ja: str | None
    description: str
    description_ja: str | None
    position: int
    status: ComponentStatus = Field(
        description="The worst of its own status, of what active incidents say of it, and of a "
        "maintenance in progress."
    )
    created_at: dt.datetime
    updated_at: dt.datetime


class ComponentList(Outgoing):
    components: list[Component] = Field(description="All of them, by position.")


# Incidents


class AffectedComponentInput(Incoming):
    id: UUID
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
    title_ja: Title | None = Field(default_factory=_none)
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


# Scheduled maintenance


class MaintenanceCreate(Incoming):
    title: Title
    title_ja: Title | None = None
    body: Body
    body_ja: Body | None = None
    starts_at: Time
    ends_at: Time = Field(description="After `starts_at`, by at most 31 days.")
    component_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)


class MaintenancePatch(Incoming):
    """Only the members that are present change."""

    title: Title = Field(default_factory=str)
    title_ja: Title | None = Field(default_factory=_none)
    body: Body = Field(default_factory=str)
    body_ja: Body | None = Field(default_factory=_none)
    starts_at: Time = Field(default_factory=_now)
    ends_at: Time = Field(default_factory=_now)
    component_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)


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


# The front page


class Status(Outgoing):
    indicator: Indicator = Field(description="The whole page in one word.")
    updated_at: dt.datetime = Field(description="When anything on the page last changed.")
    components: list[Component] = Field(description="By position.")
    incidents: list[Incident] = Field(description="Active ones with their updates, newest first.")
    maintenances: list[Maintenance] = Field(
        description="In progress, or starting within 14 days; by start."
    )


# Uptime


class UptimeDay(Outgoing):
    date: dt.date = Field(description="A day in UTC; today's is counted up to now.")
    status: ComponentStatus | None = Field(
        description="The worst status that day; null on days before the component existed."
    )
    downtime_seconds: int = Field(description="In partial or major outage.")
    uptime_percent: float | None = Field(
        description="Of the time known, rounded down to 3 decimals, so that 100 means no downtime."
    )


class ComponentUptime(Outgoing):
    component_id: UUID
    name: str
    name_ja: str | None
    uptime_percent: float | None = Field(description="Over all days asked for, likewise.")
    days: list[UptimeDay] = Field(description="Oldest first; exactly as many as asked for.")


class Uptime(Outgoing):
    days: int
    components: list[ComponentUptime] = Field(description="By position.")


# Administrators


class Credentials(Incoming):
    username: Username
    password: Password


class NewSession(Outgoing):
    token: str = Field(description="Send as `Authorization: Bearer …`; it is shown only here.")
    expires_at: dt.datetime


class CurrentSession(Outgoing):
    username: str
    expires_at: dt.datetime


class PasswordChange(Incoming):
    current_password: Password
    new_password: NewPassword


# Health and errors


class Health(Outgoing):
    status: str = Field(examples=["ok"])


class InvalidMember(Outgoing):
    pointer: str = Field(description="JSON Pointer to the member, or `#/query/limit` and alike.")
    detail: str


class Problem(Outgoing):
    """RFC 9457, sent as `application/problem+json`."""

    type: str = Field(description="`about:blank`, or a name such as `urn:problem:throttled`.")
    title: str
    status: int
    detail: str
    request_id: str = Field(description="As in the response's X-Request-Id and in the logs.")
    errors: list[InvalidMember] | None = Field(default=None, description="With 422 only.")
