"""Drafts: unpublished incidents, proposed by an alarm or a colleague."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.errors import ConflictError, NotFoundError
from backend.store.tables import incident_drafts

MOST = 100  # an alarm that never stops must not fill the database

_d = incident_drafts.c


@dataclass(frozen=True, slots=True)
class Draft:
    """`content` is a body for `POST /incidents`."""

    id: UUID
    content: Mapping[str, Any]
    created_by: str
    created_at: dt.datetime


async def list_all(connection: AsyncConnection) -> tuple[Draft, ...]:
    """Newest first."""
    rows = await connection.execute(
        sa.select(incident_drafts).order_by(_d.created_at.desc(), _d.id)
    )
    return tuple(Draft(**row) for row in rows.mappings())


async def get(connection: AsyncConnection, draft_id: UUID) -> Draft:
    statement = sa.select(incident_drafts).where(_d.id == draft_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such draft: it was published, or discarded")
    return Draft(**row)


async def make(connection: AsyncConnection, content: Mapping[str, Any], by: str) -> Draft:
    count = await connection.scalar(sa.select(sa.func.count()).select_from(incident_drafts))
    if count is not None and count >= MOST:
        raise ConflictError(
            f"there are {MOST} drafts already; publish or discard some", kind="too-many-drafts"
        )
    identifier = uuid4()
    await connection.execute(
        sa.insert(incident_drafts).values(
            id=identifier, content=content, created_by=by, created_at=sa.func.now()
        )
    )
    return await get(connection, identifier)


async def remove(connection: AsyncConnection, draft_id: UUID) -> Draft:
    found = await get(connection, draft_id)
    statement = sa.delete(incident_drafts).where(_d.id == draft_id)
    if (await connection.execute(statement)).rowcount != 1:
        raise NotFoundError("there is no such draft: it was published, or discarded")
    return found
