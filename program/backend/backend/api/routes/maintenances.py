"""Scheduled maintenance."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.api import models
from backend.api.documents import changed, check_precondition, respond
from backend.api.fields import Id
from backend.api.sign_in import SignedIn
from backend.api.state import Own
from backend.store import maintenances
from backend.store.database import Write
from backend.store.revision import Revision

router = APIRouter(prefix="/maintenances", tags=["maintenances"])


@router.get("", response_model=models.MaintenanceList)
async def list_maintenances(own: Own, request: Request) -> Response:
    async def build(connection: AsyncConnection, _: Revision) -> models.MaintenanceList:
        now = dt.datetime.now(dt.UTC)
        upcoming = await maintenances.list_open(connection, now)
        completed = await maintenances.list_completed(connection, now)
        return models.MaintenanceList.model_validate({"maintenances": upcoming + completed})

    return respond(request, await own.documents.get("maintenances", build))


@router.post("", status_code=201, response_model=models.Maintenance)
async def create_maintenance(own: Own, _: SignedIn, asked: models.MaintenanceCreate) -> Response:
    async with own.database.write() as write:
        made = await maintenances.create(write, asked.model_dump())
    return changed(
        models.Maintenance.model_validate(made), 201, location=f"/api/v1/maintenances/{made.id}"
    )


@router.get("/{maintenance_id}", response_model=models.Maintenance)
async def get_maintenance(own: Own, request: Request, maintenance_id: Id) -> Response:
    async def build(connection: AsyncConnection, _: Revision) -> models.Maintenance:
        found = await maintenances.get(connection, maintenance_id, dt.datetime.now(dt.UTC))
        return models.Maintenance.model_validate(found)

    return respond(request, await own.documents.make(build))


@router.patch("/{maintenance_id}", response_model=models.Maintenance)
async def change_maintenance(
    own: Own, _: SignedIn, request: Request, maintenance_id: Id, asked: models.MaintenancePatch
) -> Response:
    async with own.database.write() as write:
        await _check_precondition(request, write, maintenance_id)
        made = await maintenances.change(
            write, maintenance_id, asked.model_dump(exclude_unset=True)
        )
    return changed(models.Maintenance.model_validate(made))


@router.delete("/{maintenance_id}", status_code=204)
async def delete_maintenance(own: Own, _: SignedIn, request: Request, maintenance_id: Id) -> None:
    async with own.database.write() as write:
        await _check_precondition(request, write, maintenance_id)
        await maintenances.delete(write, maintenance_id)


async def _check_precondition(request: Request, write: Write, maintenance_id: UUID) -> None:
    current = await maintenances.hold(write, maintenance_id)
    check_precondition(request, models.Maintenance.model_validate(current))
