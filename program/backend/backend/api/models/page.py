"""The front page: the status of everything, and the days before it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from pydantic import Field

from backend.api.models.base import Outgoing
from backend.api.models.components import Component
from backend.api.models.incidents import Incident
from backend.api.models.maintenances import Maintenance
from backend.domain.status import ComponentStatus, Indicator


class Status(Outgoing):
    indicator: Indicator = Field(description="The whole page in one word.")
    updated_at: dt.datetime = Field(description="When anything on the page last changed.")
    components: list[Component] = Field(description="By position.")
    incidents: list[Incident] = Field(description="Active ones with their updates, newest first.")
    maintenances: list[Maintenance] = Field(
        description="In progress, or starting within 14 days; by start."
    )


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
