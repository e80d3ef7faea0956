"""Scheduled maintenance."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from fastapi import APIRouter, Request, Response

from backend.api import models
from backend.api.documents import changed, check_precondition, respond
from backend.api.fields import Id
from backend.api.idempotency import OnlyOnce
from backend.api.identity import MaintenanceWriter
from backend.api.state import Own
from backend.domain.status import MaintenanceStatus
from backend.store import maintenances
from backend.store.audit import Deed, Document, record
from backend.store.connection import Connection
from backend.store.database import Write

router = APIRouter(prefix="/maintenances", tags=["maintenances"])


@router.get("", response_model=models.MaintenanceList)
async def list_maintenances(own: Own, request: Request) -> Response:
    async def build(connection: Connection) -> models.MaintenanceList:
        now = dt.datetime.now(dt.UTC)
        upcoming = await maintenances.list_open(connection, now)
        completed = await maintenances.list_completed(connection, now)
        return models.MaintenanceList.model_validate({"maintenances": upcoming + completed})

    return await respond(request, own.database, build)


@router.post("", status_code=201, response_model=models.Maintenance)
async def create_maintenance(
    own: Own, who: MaintenanceWriter, once: OnlyOnce, asked: models.MaintenanceCreate
) -> Response:
    async with own.database.write() as write:
        if (earlier := await once.earlier(write.connection, who, asked)) is not None:
            return earlier
        made = await maintenances.create(write, asked.model_dump())
        document = models.Maintenance.model_validate(made)
        deed = Deed("maintenance.created", made.id, made.title, after=_content(document))
        await record(write.connection, who, deed)
        answer = changed(document, 201, location=f"/api/v1/maintenances/{made.id}")
        return await once.keep(write.connection, who, answer)


@router.get("/{maintenance_id}", response_model=models.Maintenance)
async def get_maintenance(own: Own, request: Request, maintenance_id: Id) -> Response:
    async def build(connection: Connection) -> models.Maintenance:
        found = await maintenances.get(connection, maintenance_id, dt.datetime.now(dt.UTC))
        return models.Maintenance.model_validate(found)

    return await respond(request, own.database, build)


@router.patch("/{maintenance_id}", response_model=models.Maintenance)
async def change_maintenance(
    own: Own,
    who: MaintenanceWriter,
    request: Request,
    maintenance_id: Id,
    asked: models.MaintenancePatch,
) -> Response:
    async with own.database.write() as write:
        before = await _checked(request, write, maintenance_id)
        made = await maintenances.change(
            write, maintenance_id, asked.model_dump(exclude_unset=True)
        )
        document = models.Maintenance.model_validate(made)
        deed = Deed(
            "maintenance.changed", made.id, made.title, _content(before), _content(document)
        )
        await record(write.connection, who, deed)
    return changed(document)


@router.delete("/{maintenance_id}", status_code=204)
async def delete_maintenance(
    own: Own, who: MaintenanceWriter, request: Request, maintenance_id: Id
) -> None:
    async with own.database.write() as write:
        before = await _checked(request, write, maintenance_id)
        await maintenances.delete(write, maintenance_id)
        deed = Deed("maintenance.deleted", maintenance_id, before.title, _content(before))
        await record(write.connection, who, deed)


async def _checked(request: Request, write: Write, maintenance_id: UUID) -> models.Maintenance:
    """The current maintenance, if If-Match names it."""
    found = await maintenances.hold(write, maintenance_id)
    document = models.Maintenance.model_validate(found)
    others = (document.model_copy(update={"status": status}) for status in MaintenanceStatus)
    check_precondition(request, document, others)
    return document


def _content(document: models.Maintenance) -> Document:
    return document.model_dump(mode="json", exclude={"created_at", "updated_at"})
