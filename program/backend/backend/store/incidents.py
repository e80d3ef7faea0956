"""Incidents and their updates. Active incidents change the status of their components."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID, uuid4

from backend.domain import rules
from backend.domain.errors import NotFoundError
from backend.domain.status import ComponentStatus, Impact, IncidentStatus
from backend.domain.values import AffectedComponent, Incident, IncidentUpdate
from backend.store.components import lock, settle_status
from backend.store.connection import Connection, Row
from backend.store.database import Write
from backend.store.maintenances import check_components

_SELECT = """
    SELECT id, title, title_ja, impact, status, started_at, resolved_at, updated_at
      FROM incidents"""

Affected = Sequence[tuple[UUID, ComponentStatus]]


class Filter(StrEnum):
    ACTIVE = "active"
    RESOLVED = "resolved"
    ALL = "all"


_CONDITIONS: Mapping[Filter, LiteralString] = {
    Filter.ACTIVE: "resolved_at IS NULL",
    Filter.RESOLVED: "resolved_at IS NOT NULL",
    Filter.ALL: "true",
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """The end of a page: the next page has incidents older than this one."""

    started_at: dt.datetime
    id: UUID


async def list_page(
    connection: Connection, state: Filter, limit: int, before: Cursor | None = None
) -> tuple[tuple[Incident, ...], Cursor | None]:
    """At most `limit` incidents, newest first, and the cursor of the next page, if any."""
    statement = _SELECT + " WHERE " + _CONDITIONS[state]
    values: dict[str, object] = {"limit": limit + 1}
    if before is not None:
        statement += " AND (started_at, id) < (%(started_at)s, %(id)s)"
        values |= {"started_at": before.started_at, "id": before.id}
    statement += " ORDER BY started_at DESC, id DESC LIMIT %(limit)s"
    found = await _read(connection, statement, **values)
    page = found[:limit]
    more = len(found) > limit
    return page, Cursor(page[-1].started_at, page[-1].id) if more else None


async def get(connection: Connection, incident_id: UUID) -> Incident:
    found = await _read(connection, _SELECT + " WHERE id = %(id)s", id=incident_id)
    if not found:
        raise NotFoundError("there is no such incident")
    return found[0]


async def hold(write: Write, incident_id: UUID) -> Incident:
    """Like `get`, and locked until the write ends."""
    locked = "SELECT updated_at FROM incidents WHERE id = %(id)s FOR UPDATE"
    row = await write.connection.one(locked, id=incident_id)
    if row is None:
        raise NotFoundError("there is no such incident")
    write.follow(row["updated_at"])
    return await get(write.connection, incident_id)


async def create(write: Write, values: Mapping[str, Any], affected: Affected) -> Incident:
    """`values`: title, title_ja, impact, status, body, body_ja (the first update's), occurred_at.

    `occurred_at` None is now.
    """
    row = dict(values)
    update = {"body": row.pop("body"), "body_ja": row.pop("body_ja"), "status": row["status"]}
    rules.check_first_status(row["status"])
    await lock(write, ids_of(affected))
    began = row.pop("occurred_at") or write.now
    rules.check_occurred(began, None, write.now)
    row |= {"id": uuid4(), "started_at": began, "updated_at": write.now}
    await write.connection.insert("incidents", row)
    update |= {"id": uuid4(), "incident_id": row["id"], "created_at": began}
    await write.connection.insert("incident_updates", update)
    await put_components(write, row["id"], affected)
    return await get(write.connection, row["id"])


async def change(
    write: Write,
    incident_id: UUID,
    changes: Mapping[str, Any],
    affected: Affected | None,
) -> Incident:
    """`changes`: any of title, title_ja, impact, started_at; `affected` None: as it was."""
    before = await hold(write, incident_id)
    if affected is not None:
        rules.check_still_open(before.status)
        await lock(write, ids_of(affected) | before.component_ids)
    if "started_at" in changes:
        rules.check_started(changes["started_at"], before.updates[-1].created_at)
    values = {**changes, "updated_at": write.now}
    await write.connection.update("incidents", incident_id, values)
    if affected is not None:
        await put_components(write, incident_id, affected)
    return await get(write.connection, incident_id)


async def delete(write: Write, incident_id: UUID) -> None:
    """Delete it; it no longer affects its components."""
    before = await hold(write, incident_id)
    await lock(write, before.component_ids)
    await write.connection.run("DELETE FROM incidents WHERE id = %(id)s", id=incident_id)
    await settle_status(write, before.component_ids)


def ids_of(affected: Affected) -> set[UUID]:
    return {component_id for component_id, _ in affected}


async def put_components(write: Write, incident_id: UUID, affected: Affected) -> None:
    """Make `affected` the incident's components, and update each component's status.

    The caller holds the locks of the old and the new components.
    """
    now_affected = [component_id for component_id, _ in affected]
    await check_components(write.connection, now_affected, "#/components")
    removed = await write.connection.all(
        "DELETE FROM incident_components WHERE incident_id = %(id)s RETURNING component_id",
        id=incident_id,
    )
    if affected:
        rows = (
            {"incident_id": incident_id, "component_id": component_id, "status": status}
            for component_id, status in affected
        )
        await write.connection.insert("incident_components", *rows)
    await settle_status(write, {*now_affected, *(row["component_id"] for row in removed)})


async def _read(
    connection: Connection, statement: LiteralString, **values: object
) -> tuple[Incident, ...]:
    rows = await connection.all(statement, **values)
    ids = [row["id"] for row in rows]
    updates, affected = await _updates_of(connection, ids), await _components_of(connection, ids)
    return tuple(_incident(row, affected[row["id"]], updates[row["id"]]) for row in rows)


def _incident(
    row: Row, affected: Iterable[AffectedComponent], updates: Iterable[IncidentUpdate]
) -> Incident:
    kinds = {"impact": Impact(row["impact"]), "status": IncidentStatus(row["status"])}
    return Incident(**{**row, **kinds}, components=tuple(affected), updates=tuple(updates))


async def _updates_of(
    connection: Connection, ids: Sequence[UUID]
) -> Mapping[UUID, Iterable[IncidentUpdate]]:
    found: dict[UUID, list[IncidentUpdate]] = defaultdict(list)
    if ids:
        rows = await connection.all(
            "SELECT incident_id, id, status, body, body_ja, created_at, edited_at"
            "  FROM incident_updates WHERE incident_id = ANY(%(ids)s)"
            " ORDER BY created_at DESC, id DESC",
            ids=ids,
        )
        for row in rows:
            row["status"] = IncidentStatus(row["status"])
            found[row.pop("incident_id")].append(IncidentUpdate(**row))
    return found


async def _components_of(
    connection: Connection, ids: Sequence[UUID]
) -> Mapping[UUID, Iterable[AffectedComponent]]:
    found: dict[UUID, list[AffectedComponent]] = defaultdict(list)
    if ids:
        rows = await connection.all(
            "SELECT l.incident_id, c.id, c.name, c.name_ja, l.status"
            "  FROM incident_components l JOIN components c ON c.id = l.component_id"
            " WHERE l.incident_id = ANY(%(ids)s) ORDER BY c.position, c.created_at, c.id",
            ids=ids,
        )
        for row in rows:
            row["status"] = ComponentStatus(row["status"])
            found[row.pop("incident_id")].append(AffectedComponent(**row))
    return found
