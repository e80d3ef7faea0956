"""Incidents: each has updates until it is resolved."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from backend.api import models
from backend.api.documents import changed, check_precondition, respond
from backend.api.fields import Count, Id
from backend.api.idempotency import OnlyOnce
from backend.api.identity import IncidentWriter
from backend.api.state import Own
from backend.domain.errors import ConflictError, InvalidError, NotFoundError
from backend.domain.people import Actor
from backend.store import drafts, incidents
from backend.store.audit import Deed, Document, record
from backend.store.connection import Connection
from backend.store.database import Write

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

    async def build(connection: Connection) -> models.IncidentList:
        page, following = await incidents.list_page(connection, state, limit, cursor)
        return models.IncidentList.model_validate(
            {"incidents": page, "next": encode_cursor(following) if following else None}
        )

    return await respond(request, own.database, build)


@router.post("", status_code=201, response_model=models.Incident)
async def create_incident(
    own: Own, who: IncidentWriter, once: OnlyOnce, asked: models.IncidentCreate
) -> Response:
    """Opens an incident with its first update; its components take the statuses given."""
    async with own.database.write() as write:
        if (earlier := await once.earlier(write.connection, who, asked)) is not None:
            return earlier
        if asked.draft_id is not None:
            await _take_draft(write, who, asked.draft_id)
        values = asked.model_dump(exclude={"components", "draft_id"})
        made = await incidents.create(write, values, affected(asked.components))
        document = models.Incident.model_validate(made)
        deed = Deed("incident.created", made.id, made.title, after=document.model_dump(mode="json"))
        await record(write.connection, who, deed)
        answer = changed(document, 201, location=f"/api/v1/incidents/{made.id}")
        return await once.keep(write.connection, who, answer)


async def _take_draft(write: Write, who: Actor, draft_id: UUID) -> None:
    try:
        draft = await drafts.remove(write.connection, draft_id)
    except NotFoundError as error:
        raise ConflictError(error.detail, kind="draft-gone") from error
    deed = Deed("draft.published", draft.id, draft.content["title"], before=draft.content)
    await record(write.connection, who, deed)


@router.get("/{incident_id}", response_model=models.Incident)
async def get_incident(own: Own, request: Request, incident_id: Id) -> Response:
    async def build(connection: Connection) -> models.Incident:
        return models.Incident.model_validate(await incidents.get(connection, incident_id))

    return await respond(request, own.database, build)


@router.patch("/{incident_id}", response_model=models.Incident)
async def change_incident(
    own: Own, who: IncidentWriter, request: Request, incident_id: Id, asked: models.IncidentPatch
) -> Response:
    changes = asked.model_dump(exclude_unset=True, exclude={"components"})
    components = asked.components if "components" in asked.model_fields_set else None
    async with own.database.write() as write:
        before = await checked(request, write, incident_id)
        made = await incidents.change(
            write, incident_id, changes, None if components is None else affected(components)
        )
        document = models.Incident.model_validate(made)
        deed = Deed("incident.changed", made.id, made.title, _head(before), _head(document))
        await record(write.connection, who, deed)
    return changed(document)


@router.delete("/{incident_id}", status_code=204)
async def delete_incident(own: Own, who: IncidentWriter, request: Request, incident_id: Id) -> None:
    """Deletes it with its updates; the audit trail keeps their text."""
    async with own.database.write() as write:
        before = await checked(request, write, incident_id)
        await incidents.delete(write, incident_id)
        was = before.model_dump(mode="json")
        await record(
            write.connection, who, Deed("incident.deleted", incident_id, before.title, was)
        )


def encode_cursor(cursor: incidents.Cursor) -> str:
    text = f"{cursor.started_at.astimezone(dt.UTC).isoformat()}/{cursor.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> incidents.Cursor:
    """Also accepts a time (RFC 3339): incidents that started before it. Raises `InvalidError`."""
    try:
        if ":" in text:  # base64 has no colon
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


def affected(given: list[models.AffectedComponentInput]) -> incidents.Affected:
    return [(component.id, component.status) for component in given]


async def checked(request: Request, write: Write, incident_id: UUID) -> models.Incident:
    """The current incident, if If-Match names it."""
    found = await incidents.hold(write, incident_id)
    document = models.Incident.model_validate(found)
    check_precondition(request, document)
    return document


def _head(incident: models.Incident) -> Document:
    """The incident without its updates: they have audit records of their own."""
    return incident.model_dump(mode="json", exclude={"updates", "updated_at"})
