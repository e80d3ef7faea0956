"""Components: reading them, changing them, and keeping the history of their status."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from backend.domain import rules
from backend.domain.errors import ConflictError, NotFoundError
from backend.domain.status import ComponentStatus, worst
from backend.domain.values import Component
from backend.store.connection import Connection, Row
from backend.store.database import Write

MOST = 100  # the most that a page can show; also limits the database's work for one request
_NAMES = 7_261_954_031  # separates the locks of names from other advisory locks
_CREATIONS = 7_261_954_032

# Maintenance begins and ends by time, so its effect is computed here, never stored.
_SELECT = """
    SELECT id, name, name_ja, description, description_ja, position,
           greatest(status, CASE WHEN EXISTS (
               SELECT 1 FROM maintenance_components l JOIN maintenances m ON m.id = maintenance_id
                WHERE l.component_id = components.id AND starts_at <= %(now)s AND ends_at > %(now)s
           ) THEN 'under_maintenance'::component_status END) AS status,
           created_at, updated_at
      FROM components"""


async def list_all(connection: Connection, now: dt.datetime) -> tuple[Component, ...]:
    rows = await connection.all(_SELECT + " ORDER BY position, created_at, id", now=now)
    return tuple(map(_component, rows))


async def get(connection: Connection, component_id: UUID, now: dt.datetime) -> Component:
    row = await connection.one(_SELECT + " WHERE id = %(id)s", id=component_id, now=now)
    if row is None:
        raise NotFoundError("there is no such component")
    return _component(row)


async def hold(write: Write, component_id: UUID) -> Component:
    """Like `get`, and locked until the write ends."""
    await lock(write, [component_id])
    return await get(write.connection, component_id, write.now)


async def lock(write: Write, ids: Collection[UUID]) -> set[UUID]:
    """Lock these components until the write ends. Returns the ids that exist."""
    if not ids:
        return set()
    # Always in this order, so that two writes never deadlock. Others may still refer to them.
    rows = await write.connection.all(
        "SELECT id, updated_at FROM components WHERE id = ANY(%(ids)s)"
        " ORDER BY id FOR NO KEY UPDATE",
        ids=list(ids),
    )
    for row in rows:
        write.follow(row["updated_at"])
    return {row["id"] for row in rows}


async def create(write: Write, values: Mapping[str, Any]) -> Component:
    """`values`: name, name_ja, description, description_ja, position (None: last), status.

    Creations wait for each other: else they would exceed `MOST`, and take the same position.
    """
    await write.connection.run("SELECT pg_advisory_xact_lock(%(all)s)", all=_CREATIONS)
    (found,) = await write.connection.all(
        "SELECT count(*) AS count, max(position) AS last FROM components"
    )
    if found["count"] >= MOST:
        raise ConflictError(f"there are {MOST} components already", kind="too-many-components")
    row = {
        **values,
        "id": uuid4(),
        "own_status": values["status"],
        "created_at": write.now,
        "updated_at": write.now,
    }
    if row["position"] is None:
        row["position"] = 0 if found["last"] is None else found["last"] + 1
    await _take_name(write.connection, row["name"])
    await write.connection.insert("components", row)
    await _begin_status(write, row["id"], row["status"])
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
    await write.connection.update("components", component_id, values)
    await settle_status(write, [component_id])
    return await get(write.connection, component_id, write.now)


async def delete(write: Write, component_id: UUID) -> None:
    """Delete it. The lock waits for transactions that add references, and prevents new ones."""
    locked = "SELECT id FROM components WHERE id = %(id)s FOR UPDATE"
    if await write.connection.one(locked, id=component_id) is None:
        raise NotFoundError("there is no such component")
    if await _said_by_incidents(write.connection, component_id):
        raise ConflictError(
            "an active incident affects the component; resolve it, or take the component out",
            kind="component-in-incident",
        )
    await write.connection.run("DELETE FROM components WHERE id = %(id)s", id=component_id)


async def settle_status(write: Write, ids: Collection[UUID]) -> None:
    """Set each component's status to the worst of its own and its status in active incidents.

    The caller holds their locks.
    """
    own = "SELECT id, own_status, status FROM components WHERE id = ANY(%(ids)s) ORDER BY id"
    for row in await write.connection.all(own, ids=list(ids)):
        said = await _said_by_incidents(write.connection, row["id"])
        status = worst([ComponentStatus(row["own_status"]), *said])
        if status != row["status"]:
            await _record_status(write, row["id"], status)


async def _record_status(write: Write, component_id: UUID, status: ComponentStatus) -> None:
    values = {"status": status, "updated_at": write.now}
    await write.connection.update("components", component_id, values)
    await write.connection.run(
        "UPDATE component_status_history SET ended_at = %(now)s"
        " WHERE component_id = %(id)s AND ended_at IS NULL",
        id=component_id,
        now=write.now,
    )
    await _begin_status(write, component_id, status)


async def _begin_status(write: Write, component_id: UUID, status: ComponentStatus) -> None:
    row = {"component_id": component_id, "status": status, "started_at": write.now}
    await write.connection.insert("component_status_history", row)


async def _said_by_incidents(connection: Connection, component_id: UUID) -> list[ComponentStatus]:
    rows = await connection.all(
        "SELECT l.status FROM incident_components l JOIN incidents i ON i.id = l.incident_id"
        " WHERE l.component_id = %(id)s AND i.resolved_at IS NULL",
        id=component_id,
    )
    return [ComponentStatus(row["status"]) for row in rows]


async def _take_name(connection: Connection, name: str, *, but_for: UUID | None = None) -> None:
    """Check that the name is free, and reserve it until the write ends.

    A violated constraint would write an ERROR to the server's log, and raise an alarm.
    """
    await connection.run(
        "SELECT pg_advisory_xact_lock(hashtextextended(lower(%(name)s), %(names)s))",
        name=name,
        names=_NAMES,
    )
    taken = await connection.all(
        "SELECT id FROM components WHERE lower(name) = lower(%(name)s)", name=name
    )
    if any(row["id"] != but_for for row in taken):
        raise ConflictError("another component has that name", kind="name-taken")


def _component(row: Row) -> Component:
    return Component(**{**row, "status": ComponentStatus(row["status"])})
