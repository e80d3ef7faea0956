"""The audit trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from backend.api import models
from backend.api.fields import Count, Id
from backend.api.identity import SignedIn
from backend.api.state import Own
from backend.store import audit

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("")
async def list_audit(
    own: Own,
    _: SignedIn,
    response: Response,
    limit: Annotated[Count, Query(ge=1, le=100)] = 50,
    before: Annotated[Count | None, Query(description="The `next` of the page before.")] = None,
    subject_id: Annotated[Id | None, Query(description="Only changes of this thing.")] = None,
) -> models.AuditList:
    """Lists changes: who made them, when, and the values before and after."""
    response.headers["Cache-Control"] = "no-store"
    async with own.database.query() as connection:
        records, following = await audit.list_page(connection, limit, before, subject_id)
    return models.AuditList.model_validate({"records": records, "next": following})
