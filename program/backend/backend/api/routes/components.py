"""Components: the parts whose status the page shows."""

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
from backend.store import components
from backend.store.database import Write
from backend.store.revision import Revision

router = APIRouter(prefix="/components", tags=["components"])


@router.get("", response_model=models.ComponentList)
async def list_components(own: Own, request: Request) -> Response:
    async def build(connection: AsyncConnection, _: Revision) -> models.ComponentList:
        found = await components.list_all(connection, dt.datetime.now(dt.UTC))
        return models.ComponentList.model_validate({"components": found})

    return respond(request, await own.documents.get("components", build))


@router.post("", status_code=201, response_model=models.Component)
async def create_component(own: Own, _: SignedIn, asked: models.ComponentCreate) -> Response:
    async with own.database.write() as write:
        made = await components.create(write, asked.model_dump())
    return changed(
        models.Component.model_validate(made), 201, location=f"/api/v1/components/{made.id}"
    )


@router.get("/{component_id}", response_model=models.Component)
async def get_component(own: Own, request: Request, component_id: Id) -> Response:
    async def build(connection: AsyncConnection, _: Revision) -> models.Component:
        found = await components.get(connection, component_id, dt.datetime.now(dt.UTC))
        return models.Component.model_validate(found)

    return respond(request, await own.documents.make(build))


@router.patch("/{component_id}", response_model=models.Component)
async def change_component(
    own: Own, _: SignedIn, request: Request, component_id: Id, asked: models.ComponentPatch
) -> Response:
    async with own.database.write() as write:
        await _check_precondition(request, write, component_id)
        made = await components.change(write, component_id, asked.model_dump(exclude_unset=True))
    return changed(models.Component.model_validate(made))


@router.delete("/{component_id}", status_code=204)
async def delete_component(own: Own, _: SignedIn, request: Request, component_id: Id) -> None:
    """Deletes its history too. 409 while an active incident affects it."""
    async with own.database.write() as write:
        await _check_precondition(request, write, component_id)
        await components.delete(write, component_id)


async def _check_precondition(request: Request, write: Write, component_id: UUID) -> None:
    current = await components.hold(write, component_id)
    check_precondition(request, models.Component.model_validate(current))
