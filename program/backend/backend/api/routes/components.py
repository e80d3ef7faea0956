"""Components: the parts of a system, each with a status."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from fastapi import APIRouter, Request, Response

from backend.api import models
from backend.api.documents import changed, check_precondition, respond
from backend.api.fields import Id
from backend.api.idempotency import OnlyOnce
from backend.api.identity import ComponentWriter
from backend.api.state import Own
from backend.domain.status import ComponentStatus
from backend.store import components
from backend.store.audit import Deed, Document, record
from backend.store.connection import Connection
from backend.store.database import Write

# A maintenance that begins or ends makes one of them the other.
_BY_TIME = (ComponentStatus.OPERATIONAL, ComponentStatus.UNDER_MAINTENANCE)

router = APIRouter(prefix="/components", tags=["components"])


@router.get("", response_model=models.ComponentList)
async def list_components(own: Own, request: Request) -> Response:
    async def build(connection: Connection) -> models.ComponentList:
        found = await components.list_all(connection, dt.datetime.now(dt.UTC))
        return models.ComponentList.model_validate({"components": found})

    return await respond(request, own.database, build)


@router.post("", status_code=201, response_model=models.Component)
async def create_component(
    own: Own, who: ComponentWriter, once: OnlyOnce, asked: models.ComponentCreate
) -> Response:
    async with own.database.write() as write:
        if (earlier := await once.earlier(write.connection, who, asked)) is not None:
            return earlier
        made = await components.create(write, asked.model_dump())
        document = models.Component.model_validate(made)
        deed = Deed("component.created", made.id, made.name, after=_content(document))
        await record(write.connection, who, deed)
        answer = changed(document, 201, location=f"/api/v1/components/{made.id}")
        return await once.keep(write.connection, who, answer)


@router.get("/{component_id}", response_model=models.Component)
async def get_component(own: Own, request: Request, component_id: Id) -> Response:
    async def build(connection: Connection) -> models.Component:
        found = await components.get(connection, component_id, dt.datetime.now(dt.UTC))
        return models.Component.model_validate(found)

    return await respond(request, own.database, build)


@router.patch("/{component_id}", response_model=models.Component)
async def change_component(
    own: Own,
    who: ComponentWriter,
    request: Request,
    component_id: Id,
    asked: models.ComponentPatch,
) -> Response:
    async with own.database.write() as write:
        before = await _checked(request, write, component_id)
        made = await components.change(write, component_id, asked.model_dump(exclude_unset=True))
        document = models.Component.model_validate(made)
        deed = Deed("component.changed", made.id, made.name, _content(before), _content(document))
        await record(write.connection, who, deed)
    return changed(document)


@router.delete("/{component_id}", status_code=204)
async def delete_component(
    own: Own, who: ComponentWriter, request: Request, component_id: Id
) -> None:
    """Deletes its history too. 409 while an active incident affects it."""
    async with own.database.write() as write:
        before = await _checked(request, write, component_id)
        await components.delete(write, component_id)
        deed = Deed("component.deleted", component_id, before.name, _content(before))
        await record(write.connection, who, deed)


async def _checked(request: Request, write: Write, component_id: UUID) -> models.Component:
    """The current component, if If-Match names it."""
    found = await components.hold(write, component_id)
    document = models.Component.model_validate(found)
    others = (document.model_copy(update={"status": status}) for status in _BY_TIME)
    check_precondition(request, document, others if document.status in _BY_TIME else ())
    return document


def _content(document: models.Component) -> Document:
    return document.model_dump(mode="json", exclude={"created_at", "updated_at"})
