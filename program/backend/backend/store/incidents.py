"""Incidents and their updates. Active incidents change the status of their components."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain import rules
from backend.domain.errors import NotFoundError
from backend.domain.status import ComponentStatus
from backend.domain.values import AffectedComponent, Incident, IncidentUpdate
from backend.store.components import lock, settle_status
from backend.store.database import Write
from backend.store.maintenances import check_components
from backend.store.tables import components, incident_components, incident_updates, incidents

_i = incidents.c
_u = incident_updates.c
_link = incident_components.c

Affected = Sequence[tuple[UUID, ComponentStatus]]


class Filter(StrEnum):
    ACTIVE = "active"
    RESOLVED = "resolved"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The end of a page: the next page has incidents older than this one."""

    started_at: dt.datetime
    id: UUID


async def list_page(
    connection: AsyncConnection, state: Filter, limit: int, before: Cursor | None = None
) -> tuple[tuple[Incident, ...], Cursor | None]:
    """At most `limit` incidents, newest first, and the cursor of the next page, if any."""
    statement = sa.select(incidents)
    if state is not Filter.ALL:
        open_ = _i.resolved_at.is_(None)
        statement = statement.where(open_ if state is Filter.ACTIVE else ~open_)
    if before is not None:
        statement = statement.where(
            sa.tuple_(_i.started_at, _i.id) < sa.tuple_(before.started_at, before.id)
        )
    statement = statement.order_by(_i.started_at.desc(), _i.id.desc()).limit(limit + 1)
    found = await _read(connection, statement)
    page = found[:limit]
    more = len(found) > limit
    return page, Cursor(page[-1].started_at, page[-1].id) if more else None


async def get(connection: AsyncConnection, incident_id: UUID) -> Incident:
    found = await _read(connection, sa.select(incidents).where(_i.id == incident_id))
    if not found:
        raise NotFoundError("there is no such incident")
    return found[0]


async def hold(write: Write, incident_id: UUID) -> Incident:
    """Like `get`, and locked until the write ends."""
    statement = sa.select(_i.updated_at).where(_i.id == incident_id)
    row = (await write.connection.execute(statement.with_for_update())).one_or_none()
    if row is None:
        raise NotFoundError("there is no such incident")
    write.follow(row.updated_at)
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
    await write.connection.execute(sa.insert(incidents).values(row))
    await write.connection.execute(
        sa.insert(incident_updates).values(
            update | {"id": uuid4(), "incident_id": row["id"], "created_at": began}
        )
    )
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
    await write.connection.execute(sa.update(incidents).where(_i.id == incident_id).values(values))
    if affected is not None:
        await put_components(write, incident_id, affected)
    return await get(write.connection, incident_id)


async def delete(write: Write, incident_id: UUID) -> None:
    """Delete it; it no longer affects its components."""
    before = await hold(write, incident_id)
    await lock(write, before.component_ids)
    await write.connection.execute(sa.delete(incidents).where(_i.id == incident_id))
    await settle_status(write, before.component_ids)


def ids_of(affected: Affected) -> set[UUID]:
    return {component_id for component_id, _ in affected}


async def put_components(write: Write, incident_id: UUID, affected: Affected) -> None:
    """Make `affected` the incident's components, and update each component's status.

    The caller holds the locks of the old and the new components.
    """
    now_affected = [component_id for component_id, _ in affected]
    await check_components(write.connection, now_affected, "#/components")
    removed = (
        sa.delete(incident_components)
        .where(_link.incident_id == incident_id)
        .returning(_link.component_id)
    )
    before = (await write.connection.execute(removed)).scalars().all()
    if affected:
        await write.connection.execute(
            sa.insert(incident_components),
            [
                {"incident_id": incident_id, "component_id": component_id, "status": status}
                for component_id, status in affected
            ],
        )
    await settle_status(write, {*before, *now_affected})


async def _read(connection: AsyncConnection, statement: sa.Select[Any]) -> tuple[Incident, ...]:
    rows = (await connection.execute(statement)).mappings().all()
    ids = [row["id"] for row in rows]
    updates, affected = await _updates_of(connection, ids), await _components_of(connection, ids)
    return tuple(
        Incident(
            **row,
            components=tuple(affected[row["id"]]),
            updates=tuple(updates[row["id"]]),
        )
        for row in rows
    )


async def _updates_of(
    connection: AsyncConnection, ids: Collection[UUID]
) -> Mapping[UUID, Iterable[IncidentUpdate]]:
    found: dict[UUID, list[IncidentUpdate]] = defaultdict(list)
    if ids:
        statement = (
            sa.select(incident_updates)
            .where(_u.incident_id.in_(ids))
            .order_by(_u.created_at.desc(), _u.id.desc())
        )
        for row in (await connection.execute(statement)).mappings():
            values = dict(row)
            found[values.pop("incident_id")].append(IncidentUpdate(**values))
    return found


async def _components_of(
    connection: AsyncConnection, ids: Collection[UUID]
) -> Mapping[UUID, Iterable[AffectedComponent]]:
    found: dict[UUID, list[AffectedComponent]] = defaultdict(list)
    if ids:
        c = components.c
        statement = (
            sa.select(_link.incident_id, c.id, c.name, c.name_ja, _link.status)
            .join(components, c.id == _link.component_id)
            .where(_link.incident_id.in_(ids))
            .order_by(c.position, c.created_at, c.id)
        )
        for row in (await connection.execute(statement)).mappings():
            values = dict(row)
            found[values.pop("incident_id")].append(AffectedComponent(**values))
    return found
