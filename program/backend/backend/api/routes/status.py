"""The front page's data: the current status, and the recent uptime."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from backend.api import models
from backend.api.documents import respond
from backend.api.fields import Count
from backend.api.state import Own
from backend.domain.status import indicator
from backend.domain.uptime import first_day, summarize
from backend.store import components, incidents, maintenances, uptime
from backend.store.connection import Connection
from backend.store.revision import last_change

MAINTENANCE_AHEAD = dt.timedelta(days=14)
ACTIVE_SHOWN = 50

router = APIRouter(tags=["status"])


@router.get("/status", response_model=models.Status)
async def get_status(own: Own, request: Request) -> Response:
    """The whole front page in one document."""
    return await respond(request, own.database, _status)


@router.get("/uptime", response_model=models.Uptime)
async def get_uptime(
    own: Own, request: Request, days: Annotated[Count, Query(ge=1, le=90)] = 90
) -> Response:
    """The uptime of each component, by day in UTC, today last.

    Time in partial or major outage is downtime; degraded performance and maintenance are not.
    """

    async def build(connection: Connection) -> models.Uptime:
        return await _uptime(connection, days)

    return await respond(request, own.database, build)


async def _status(connection: Connection) -> models.Status:
    now = dt.datetime.now(dt.UTC)
    all_components = await components.list_all(connection, now)
    active, _ = await incidents.list_page(connection, incidents.Filter.ACTIVE, ACTIVE_SHOWN)
    upcoming = await maintenances.list_open(connection, now, now + MAINTENANCE_AHEAD)
    return models.Status.model_validate(
        {
            "indicator": indicator(
                (component.status for component in all_components),
                (incident.impact for incident in active),
            ),
            "updated_at": await last_change(connection),
            "components": all_components,
            "incidents": active,
            "maintenances": upcoming,
        }
    )


async def _uptime(connection: Connection, days: int) -> models.Uptime:
    now = dt.datetime.now(dt.UTC)
    first = first_day(now, days)
    slices = await uptime.slices(connection, first, now)
    found = []
    for component in await components.list_all(connection, now):
        summary = summarize(
            slices.get(component.id, ()),
            first=first,
            days=days,
            since=component.created_at,
            now=now,
        )
        found.append(
            models.ComponentUptime(
                component_id=component.id,
                name=component.name,
                name_ja=component.name_ja,
                uptime_percent=summary.uptime_percent,
                days=[models.UptimeDay.model_validate(day) for day in summary.days],
            )
        )
    return models.Uptime(days=days, components=found)
