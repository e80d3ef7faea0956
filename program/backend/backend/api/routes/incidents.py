"""Incidents, told update by update until they are resolved."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.api import models
from backend.api.documents import changed, check_precondition, respond
from backend.api.fields import Count, Id
from backend.api.sign_in import SignedIn
from backend.api.state import Own
from backend.domain.errors import InvalidError
from backend.store import incidents
from backend.store.database import Write
from backend.store.revision import Revision

router = APIRouter(prefix="/incidents", tags=["incidents"])


@router.get("", response_model=models.IncidentList)
async def list_incidents(
    own: Own,
    request: Request,
    state: incidents.Filter = incidents.Filter.ALL,
    limit: Annotated[Count, Query(ge=1, le=50)] = 20,
    before: Annotated[
        str | None, Query(max_length=200, description="The `next` of the page before, or a time.")
    ] = None,
) -> Response:
    """Newest first. Pages do not shift when an incident is added meanwhile."""
    cursor = None if before is None else decode_cursor(before)

    async def build(connection: AsyncConnection, _: Revision) -> models.IncidentList:
        page, following = await incidents.list_page(connection, state, limit, cursor)
        return models.IncidentList.model_validate(
            {"incidents": page, "next": encode_cursor(following) if following else None}
        )

    if cursor is None:
        return respond(
            request, await own.documents.get(f"incidents?state={state}&limit={limit}", build)
        )
    return respond(request, await own.documents.make(build))


@router.post("", status_code=201, response_model=models.Incident)
async def create_incident(own: Own, _: SignedIn, asked: models.IncidentCreate) -> Response:
    """Opens an incident with its first update; its components take the statuses given."""
    async with own.database.write() as write:
        made = await incidents.create(
            write, asked.model_dump(exclude={"components"}), _affected(asked.components)
        )
    return changed(
        models.Incident.model_validate(made), 201, location=f"/api/v1/incidents/{made.id}"
    )


@router.get("/{incident_id}", response_model=models.Incident)
async def get_incident(own: Own, request: Request, incident_id: Id) -> Response:
    async def build(connection: AsyncConnection, _: Revision) -> models.Incident:
        return models.Incident.model_validate(await incidents.get(connection, incident_id))

    return respond(request, await own.documents.make(build))


@router.patch("/{incident_id}", response_model=models.Incident)
async def change_incident(
    own: Own, _: SignedIn, request: Request, incident_id: Id, asked: models.IncidentPatch
) -> Response:
    changes = asked.model_dump(exclude_unset=True, exclude={"components"})
    affected = asked.components if "components" in asked.model_fields_set else None
    async with own.database.write() as write:
        await _check_precondition(request, write, incident_id)
        made = await incidents.change(
            write, incident_id, changes, None if affected is None else _affected(affected)
        )
    return changed(models.Incident.model_validate(made))


@router.post("/{incident_id}/updates", status_code=201, response_model=models.Incident)
async def post_update(
    own: Own, _: SignedIn, request: Request, incident_id: Id, asked: models.IncidentUpdateCreate
) -> Response:
    """Adds an update. With status `resolved` the components go back to what they are otherwise."""
    affected = None if asked.components is None else _affected(asked.components)
    async with own.database.write() as write:
        await _check_precondition(request, write, incident_id)
        made = await incidents.post_update(
            write, incident_id, asked.model_dump(exclude={"components"}), affected
        )
    return changed(
        models.Incident.model_validate(made), 201, location=f"/api/v1/incidents/{made.id}"
    )


def encode_cursor(cursor: incidents.Cursor) -> str:
    text = f"{cursor.started_at.astimezone(dt.UTC).isoformat()}/{cursor.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> incidents.Cursor:
    """Also takes a plain time, RFC 3339: what started before it. Raises `InvalidError`."""
    try:
        if ":" in text:  # which base64 does not have
            cursor = incidents.Cursor(dt.datetime.fromisoformat(text), UUID(int=0))
        else:
            decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            time, _, incident_id = decoded.partition("/")
            cursor = incidents.Cursor(dt.datetime.fromisoformat(time), UUID(incident_id))
        cursor.started_at.astimezone(dt.UTC)
    except (binascii.Error, ValueError, OverflowError):
        raise InvalidError("take it from a page's `next`", pointer="#/query/before") from None
    if cursor.started_at.tzinfo is None:
        raise InvalidError("take it from a page's `next`", pointer="#/query/before")
    return cursor


async def _check_precondition(request: Request, write: Write, incident_id: UUID) -> None:
    current = await incidents.hold(write, incident_id)
    check_precondition(request, models.Incident.model_validate(current))


def _affected(given: list[models.AffectedComponentInput]) -> incidents.Affected:
    return [(component.id, component.status) for component in given]
