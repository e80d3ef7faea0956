"""Scheduled maintenance: stored as a window of time; its status follows from the time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID, uuid4

from backend.domain import rules
from backend.domain.errors import InvalidError, NotFoundError
from backend.domain.values import Maintenance, MaintenanceComponent
from backend.store.connection import Connection
from backend.store.database import Write

COMPLETED_SHOWN = 20  # the list's tail
OPEN_SHOWN = 100

_SELECT = """
    SELECT id, title, title_ja, body, body_ja, starts_at, ends_at, created_at, updated_at
      FROM maintenances"""


async def list_open(
    connection: Connection, now: dt.datetime, until: dt.datetime | None = None
) -> tuple[Maintenance, ...]:
    """Those in progress or to come (until `until`), by start."""
    statement = _SELECT + " WHERE ends_at > %(now)s"
    if until is not None:
        statement += " AND starts_at <= %(until)s"
    statement += " ORDER BY starts_at, id LIMIT %(limit)s"
    return await _read(connection, statement, now, until=until, limit=OPEN_SHOWN)


async def list_completed(connection: Connection, now: dt.datetime) -> tuple[Maintenance, ...]:
    """The latest of those completed, newest first."""
    statement = _SELECT + " WHERE ends_at <= %(now)s ORDER BY ends_at DESC, id LIMIT %(limit)s"
    return await _read(connection, statement, now, limit=COMPLETED_SHOWN)


async def get(connection: Connection, maintenance_id: UUID, now: dt.datetime) -> Maintenance:
    found = await _read(connection, _SELECT + " WHERE id = %(id)s", now, id=maintenance_id)
    if not found:
        raise NotFoundError("there is no such maintenance")
    return found[0]


async def hold(write: Write, maintenance_id: UUID) -> Maintenance:
    """Like `get`, and locked until the write ends."""
    locked = "SELECT updated_at FROM maintenances WHERE id = %(id)s FOR UPDATE"
    row = await write.connection.one(locked, id=maintenance_id)
    if row is None:
        raise NotFoundError("there is no such maintenance")
    write.follow(row["updated_at"])
    return await get(write.connection, maintenance_id, write.now)


async def create(write: Write, values: Mapping[str, Any]) -> Maintenance:
    """`values`: title, title_ja, body, body_ja, starts_at, ends_at, component_ids."""
    row = dict(values)
    component_ids = row.pop("component_ids")
    rules.check_window(row["starts_at"], row["ends_at"])
    row |= {"id": uuid4(), "created_at": write.now, "updated_at": write.now}
    await write.connection.insert("maintenances", row)
    await _put_components(write.connection, row["id"], component_ids)
    return await get(write.connection, row["id"], write.now)


async def change(write: Write, maintenance_id: UUID, changes: Mapping[str, Any]) -> Maintenance:
    """`changes`: the changed members, as in `create`."""
    before = await hold(write, maintenance_id)
    row = dict(changes)
    component_ids = row.pop("component_ids", None)
    rules.check_window(row.get("starts_at", before.starts_at), row.get("ends_at", before.ends_at))
    row["updated_at"] = write.now
    await write.connection.update("maintenances", maintenance_id, row)
    if component_ids is not None:
        await _keep(write.connection, {*component_ids, *_ids(before)})
        await write.connection.run(
            "DELETE FROM maintenance_components WHERE maintenance_id = %(id)s", id=maintenance_id
        )
        await _put_components(write.connection, maintenance_id, component_ids)
    return await get(write.connection, maintenance_id, write.now)


async def delete(write: Write, maintenance_id: UUID) -> None:
    before = await hold(write, maintenance_id)
    await _keep(write.connection, _ids(before))
    await write.connection.run("DELETE FROM maintenances WHERE id = %(id)s", id=maintenance_id)


async def check_components(connection: Connection, ids: Sequence[UUID], pointer: str) -> None:
    """Raise `InvalidError` unless `ids` are distinct and all exist.

    They cannot be deleted until the transaction ends.
    """
    if len(set(ids)) != len(ids):
        raise InvalidError("names a component twice", pointer=pointer)
    known = await _keep(connection, ids)
    if unknown := [each for each in ids if each not in known]:
        raise InvalidError(f"there is no component {unknown[0]}", pointer=pointer)


async def _keep(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Prevent the deletion of these components until the transaction ends. Returns the existing
    ids.

    Call it before changing links: a deletion also locks the component first, then its links.
    """
    rows = await connection.all(
        "SELECT id FROM components WHERE id = ANY(%(ids)s) ORDER BY id FOR KEY SHARE",
        ids=list(ids),
    )
    return {row["id"] for row in rows}


def _ids(maintenance: Maintenance) -> set[UUID]:
    return {component.id for component in maintenance.components}


async def _put_components(
    connection: Connection, maintenance_id: UUID, ids: Sequence[UUID]
) -> None:
    if not ids:
        return
    await check_components(connection, ids, "#/component_ids")
    rows = (
        {"maintenance_id": maintenance_id, "component_id": component_id} for component_id in ids
    )
    await connection.insert("maintenance_components", *rows)


async def _read(
    connection: Connection, statement: LiteralString, now: dt.datetime, **values: object
) -> tuple[Maintenance, ...]:
    rows = await connection.all(statement, now=now, **values)
    affected = await _components_of(connection, [row["id"] for row in rows])
    return tuple(
        Maintenance(
            **row,
            status=rules.maintenance_status(row["starts_at"], row["ends_at"], now),
            components=tuple(affected[row["id"]]),
        )
        for row in rows
    )


async def _components_of(
    connection: Connection, ids: Sequence[UUID]
) -> Mapping[UUID, Iterable[MaintenanceComponent]]:
    found: dict[UUID, list[MaintenanceComponent]] = defaultdict(list)
    if ids:
        rows = await connection.all(
            "SELECT l.maintenance_id, c.id, c.name, c.name_ja"
            "  FROM maintenance_components l JOIN components c ON c.id = l.component_id"
            " WHERE l.maintenance_id = ANY(%(ids)s) ORDER BY c.position, c.created_at, c.id",
            ids=ids,
        )
        for row in rows:
            found[row.pop("maintenance_id")].append(MaintenanceComponent(**row))
    return found
