"""An incident's updates."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from backend.api import models
from backend.api.documents import changed
from backend.api.fields import Id
from backend.api.idempotency import OnlyOnce
from backend.api.identity import IncidentWriter
from backend.api.routes.incidents import affected, checked
from backend.api.state import Own
from backend.store import incident_updates
from backend.store.audit import Deed, Document, record

router = APIRouter(prefix="/incidents/{incident_id}/updates", tags=["incidents"])


@router.post("", status_code=201, response_model=models.Incident)
async def post_update(
    own: Own,
    who: IncidentWriter,
    request: Request,
    once: OnlyOnce,
    incident_id: Id,
    asked: models.IncidentUpdateCreate,
) -> Response:
    """Adds an update. With status `resolved` the incident no longer affects its components."""
    components = None if asked.components is None else affected(asked.components)
    async with own.database.write() as write:
        if (earlier := await once.earlier(write.connection, who, asked)) is not None:
            return earlier
        before = await checked(request, write, incident_id)
        values = asked.model_dump(exclude={"components"})
        made = await incident_updates.post(write, incident_id, values, components)
        document = models.Incident.model_validate(made)
        known = {update.id for update in before.updates}
        (new,) = (update for update in document.updates if update.id not in known)
        after = {**_said(new), "components": _components(document)}
        deed = Deed(
            "update.created", made.id, made.title, {"components": _components(before)}, after
        )
        await record(write.connection, who, deed)
        answer = changed(document, 201, location=f"/api/v1/incidents/{made.id}")
        return await once.keep(write.connection, who, answer)


@router.patch("/{update_id}", response_model=models.Incident)
async def edit_update(
    own: Own,
    who: IncidentWriter,
    request: Request,
    incident_id: Id,
    update_id: Id,
    asked: models.IncidentUpdatePatch,
) -> Response:
    """Corrects a published update. If-Match names the incident."""
    async with own.database.write() as write:
        before = await checked(request, write, incident_id)
        changes = asked.model_dump(exclude_unset=True)
        made = await incident_updates.edit(write, incident_id, update_id, changes)
        document = models.Incident.model_validate(made)
        was, now = (
            next(update for update in one.updates if update.id == update_id)
            for one in (before, document)
        )
        deed = Deed("update.changed", made.id, made.title, _said(was), _said(now))
        await record(write.connection, who, deed)
    return changed(document)


@router.delete("/{update_id}", response_model=models.Incident)
async def delete_update(
    own: Own, who: IncidentWriter, request: Request, incident_id: Id, update_id: Id
) -> Response:
    """Without the update that resolved it, an incident is open again."""
    async with own.database.write() as write:
        before = await checked(request, write, incident_id)
        made = await incident_updates.delete(write, incident_id, update_id)
        (was,) = (update for update in before.updates if update.id == update_id)
        deed = Deed("update.deleted", made.id, made.title, before=_said(was))
        await record(write.connection, who, deed)
    return changed(models.Incident.model_validate(made))


def _said(update: models.IncidentUpdate) -> Document:
    return update.model_dump(mode="json", exclude={"id", "edited_at"})


def _components(incident: models.Incident) -> object:
    return incident.model_dump(mode="json")["components"]
