"""Components: reading them, changing them, and keeping the history of their status."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain import rules
from backend.domain.errors import ConflictError, NotFoundError
from backend.domain.status import ComponentStatus, worst
from backend.domain.values import Component
from backend.store import maintenances
from backend.store.database import Write
from backend.store.tables import (
    component_status_history,
    components,
    incident_components,
    incidents,
)

MOST = 100  # the most that a page can show; also limits the database's work for one request
_NAMES = 7_261_954_031  # separates the locks of names from other advisory locks

_c = components.c
_h = component_status_history.c


async def list_all(connection: AsyncConnection, now: dt.datetime) -> tuple[Component, ...]:
    rows = await connection.execute(_select(now).order_by(_c.position, _c.created_at, _c.id))
    return tuple(Component(**row) for row in rows.mappings())


async def get(connection: AsyncConnection, component_id: UUID, now: dt.datetime) -> Component:
    row = (
        (await connection.execute(_select(now).where(_c.id == component_id)))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError("there is no such component")
    return Component(**row)


async def hold(write: Write, component_id: UUID) -> Component:
    """Like `get`, and locked until the write ends."""
    await lock(write, [component_id])
    return await get(write.connection, component_id, write.now)


async def lock(write: Write, ids: Collection[UUID]) -> set[UUID]:
    """Lock these components until the write ends. Returns the ids that exist."""
    statement = (
        sa.select(_c.id, _c.updated_at)
        .where(_c.id.in_(ids))
        .order_by(_c.id)  # always in this order, so that two writes never deadlock
        .with_for_update(key_share=True)  # others may still refer to them
    )
    rows = (await write.connection.execute(statement)).all() if ids else []
    for row in rows:
        write.follow(row.updated_at)
    return {row.id for row in rows}


async def create(write: Write, values: Mapping[str, Any]) -> Component:
    """`values`: name, name_ja, description, description_ja, position (None: last), status.

    Simultaneous creations may exceed `MOST`, and take the same position. They are then in order of
    creation.
    """
    count, last = (
        await write.connection.execute(sa.select(sa.func.count(), sa.func.max(_c.position)))
    ).one()
    if count >= MOST:
        raise ConflictError(f"there are {MOST} components already", kind="too-many-components")
    row = {
        **values,
        "id": uuid4(),
        "own_status": values["status"],
        "created_at": write.now,
        "updated_at": write.now,
    }
    if row["position"] is None:
        row["position"] = 0 if last is None else last + 1
    await _take_name(write.connection, row["name"])
    await write.connection.execute(sa.insert(components).values(row))
    await write.connection.execute(
        sa.insert(component_status_history).values(
            component_id=row["id"], status=row["status"], started_at=write.now
        )
    )
    return await get(write.connection, row["id"], write.now)


async def change(write: Write, component_id: UUID, changes: Mapping[str, Any]) -> Component:
    """`changes`: the changed members, as in `create`."""
    await lock(write, [component_id])
    values = dict(changes)
    if (own := values.pop("status", None)) is not None:
        rules.check_own_status(own, await _said_by_incidents(write.connection, component_id))
        values["own_status"] = own
    values["updated_at"] = write.now
    if "name" in values:
        await _take_name(write.connection, values["name"], but_for=component_id)
    statement = sa.update(components).where(_c.id == component_id).values(values)
    await write.connection.execute(statement)
    await settle_status(write, [component_id])
    return await get(write.connection, component_id, write.now)


async def delete(write: Write, component_id: UUID) -> None:
    """Delete it. The lock waits for transactions that add references, and prevents new ones."""
    locked = sa.select(_c.id).where(_c.id == component_id).with_for_update()
    if (await write.connection.execute(locked)).first() is None:
        raise NotFoundError("there is no such component")
    if await _said_by_incidents(write.connection, component_id):
        raise ConflictError(
            "an active incident affects the component; resolve it, or take the component out",
            kind="component-in-incident",
        )
    await write.connection.execute(sa.delete(components).where(_c.id == component_id))


async def settle_status(write: Write, ids: Collection[UUID]) -> None:
    """Set each component's status to the worst of its own and its status in active incidents.

    The caller holds their locks.
    """
    own = sa.select(_c.id, _c.own_status, _c.status).where(_c.id.in_(ids)).order_by(_c.id)
    for row in (await write.connection.execute(own)).all():
        said = await _said_by_incidents(write.connection, row.id)
        status = worst([row.own_status, *said])
        if status is not row.status:
            await _record_status(write, row.id, status)


async def _record_status(write: Write, component_id: UUID, status: ComponentStatus) -> None:
    await write.connection.execute(
        sa.update(components)
        .where(_c.id == component_id)
        .values(status=status, updated_at=write.now)
    )
    await write.connection.execute(
        sa.update(component_status_history)
        .where(_h.component_id == component_id, _h.ended_at.is_(None))
        .values(ended_at=write.now)
    )
    await write.connection.execute(
        sa.insert(component_status_history).values(
            component_id=component_id, status=status, started_at=write.now
        )
    )


async def _said_by_incidents(
    connection: AsyncConnection, component_id: UUID
) -> list[ComponentStatus]:
    statement = (
        sa.select(incident_components.c.status)
        .join(incidents, incidents.c.id == incident_components.c.incident_id)
        .where(
            incident_components.c.component_id == component_id, incidents.c.resolved_at.is_(None)
        )
    )
    return list((await connection.execute(statement)).scalars())


async def _take_name(
    connection: AsyncConnection, name: str, *, but_for: UUID | None = None
) -> None:
    """Check that the name is free, and reserve it until the write ends.

    A violated constraint would write an ERROR to the server's log, and raise an alarm.
    """
    lowered = sa.func.lower(sa.cast(name, sa.Text))
    await connection.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(lowered, _NAMES)))
    )
    taken = sa.select(_c.id).where(sa.func.lower(_c.name) == lowered)
    if but_for is not None:
        taken = taken.where(_c.id != but_for)
    if (await connection.execute(taken)).first() is not None:
        raise ConflictError("another component has that name", kind="name-taken")


def _select(now: dt.datetime) -> sa.Select[Any]:
    """Maintenance begins and ends by time, so its effect is computed here, never stored."""
    maintained = sa.case(
        (
            maintenances.in_progress(_c.id, now),
            sa.cast(ComponentStatus.UNDER_MAINTENANCE, _c.status.type),
        )
    )
    return sa.select(
        _c.id,
        _c.name,
        _c.name_ja,
        _c.description,
        _c.description_ja,
        _c.position,
        sa.func.greatest(_c.status, maintained, type_=_c.status.type).label("status"),
        _c.created_at,
        _c.updated_at,
    )
