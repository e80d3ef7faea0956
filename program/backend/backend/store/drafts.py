"""Drafts: unpublished incidents, proposed by an alarm or a colleague."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from backend.domain.errors import ConflictError, NotFoundError
from backend.store.connection import Connection

MOST = 100  # an alarm that never stops must not fill the database

_SELECT = "SELECT id, content, created_by, created_at FROM incident_drafts"


@dataclass(frozen=True, slots=True)
class Draft:
    """`content` is a body for `POST /incidents`."""

    id: UUID
    content: Mapping[str, Any]
    created_by: str
    created_at: dt.datetime


async def list_all(connection: Connection) -> tuple[Draft, ...]:
    """Newest first."""
    rows = await connection.all(_SELECT + " ORDER BY created_at DESC, id")
    return tuple(Draft(**row) for row in rows)


async def get(connection: Connection, draft_id: UUID) -> Draft:
    row = await connection.one(_SELECT + " WHERE id = %(id)s", id=draft_id)
    if row is None:
        raise NotFoundError("there is no such draft: it was published, or discarded")
    return Draft(**row)


async def make(connection: Connection, content: Mapping[str, Any], by: str) -> Draft:
    # So that two creations at the same time see each other.
    await connection.run("LOCK TABLE incident_drafts IN SHARE ROW EXCLUSIVE MODE")
    (found,) = await connection.all("SELECT count(*) AS count FROM incident_drafts")
    if found["count"] >= MOST:
        raise ConflictError(
            f"there are {MOST} drafts already; publish or discard some", kind="too-many-drafts"
        )
    identifier = uuid4()
    await connection.run(
        "INSERT INTO incident_drafts (id, content, created_by, created_at)"
        " VALUES (%(id)s, %(content)s, %(by)s, now())",
        id=identifier,
        content=Jsonb(content),
        by=by,
    )
    return await get(connection, identifier)


async def remove(connection: Connection, draft_id: UUID) -> Draft:
    found = await get(connection, draft_id)
    if await connection.run("DELETE FROM incident_drafts WHERE id = %(id)s", id=draft_id) != 1:
        raise NotFoundError("there is no such draft: it was published, or discarded")
    return found
