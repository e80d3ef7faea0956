"""Drafts of incidents: public only when an administrator publishes one."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend.api import models
from backend.api.documents import changed
from backend.api.fields import Id
from backend.api.idempotency import OnlyOnce
from backend.api.identity import IncidentDrafter, SignedIn
from backend.api.state import Own
from backend.domain import rules
from backend.store import audit, drafts
from backend.store.maintenances import check_components

router = APIRouter(prefix="/drafts", tags=["drafts"])


@router.get("")
async def list_drafts(own: Own, _: SignedIn, response: Response) -> models.DraftList:
    response.headers["Cache-Control"] = "no-store"
    async with own.database.query() as connection:
        found = await drafts.list_all(connection)
    return models.DraftList.model_validate({"drafts": found})


@router.post("", status_code=201, response_model=models.Draft)
async def create_draft(
    own: Own, who: IncidentDrafter, once: OnlyOnce, asked: models.DraftCreate
) -> Response:
    """Proposes an incident; `POST /incidents` with its `draft_id` publishes it."""
    rules.check_first_status(asked.status)
    async with own.database.transaction() as connection:
        if (earlier := await once.earlier(connection, who, asked)) is not None:
            return earlier
        ids = [component.id for component in asked.components]
        await check_components(connection, ids, "#/components")
        made = await drafts.make(connection, asked.model_dump(mode="json"), who.name)
        deed = audit.Deed("draft.created", made.id, asked.title, after=made.content)
        await audit.record(connection, who, deed)
        document = models.Draft.model_validate(made)
        answer = changed(document, 201, location=f"/api/v1/drafts/{made.id}")
        return await once.keep(connection, who, answer)


@router.get("/{draft_id}")
async def get_draft(own: Own, _: SignedIn, response: Response, draft_id: Id) -> models.Draft:
    response.headers["Cache-Control"] = "no-store"
    async with own.database.query() as connection:
        return models.Draft.model_validate(await drafts.get(connection, draft_id))


@router.delete("/{draft_id}", status_code=204)
async def delete_draft(own: Own, who: SignedIn, draft_id: Id) -> None:
    """Discards it."""
    async with own.database.transaction() as connection:
        found = await drafts.remove(connection, draft_id)
        deed = audit.Deed("draft.discarded", found.id, found.content["title"], before=found.content)
        await audit.record(connection, who.actor, deed)
