"""Scheduled maintenance: stored as a window of time; its status follows from the time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain import rules
from backend.domain.errors import InvalidError, NotFoundError
from backend.domain.values import Maintenance, MaintenanceComponent
from backend.store.database import Write
from backend.store.tables import components, maintenance_components, maintenances

COMPLETED_SHOWN = 20  # the list's tail
OPEN_SHOWN = 100

_m = maintenances.c
_link = maintenance_components.c


def in_progress(component_id: sa.ColumnElement[Any], now: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether the component is under maintenance at `now`, as an SQL condition."""
    return sa.exists(
        sa.select(sa.literal(1))
        .select_from(maintenance_components.join(maintenances, _m.id == _link.maintenance_id))
        .where(_link.component_id == component_id, _m.starts_at <= now, _m.ends_at > now)
        .correlate(components)
    )


async def list_open(
    connection: AsyncConnection, now: dt.datetime, until: dt.datetime | None = None
) -> tuple[Maintenance, ...]:
    """Those in progress or to come (until `until`), by start."""
    statement = sa.select(maintenances).where(_m.ends_at > now)
    if until is not None:
        statement = statement.where(_m.starts_at <= until)
    statement = statement.order_by(_m.starts_at, _m.id).limit(OPEN_SHOWN)
    return await _read(connection, statement, now)


async def list_completed(connection: AsyncConnection, now: dt.datetime) -> tuple[Maintenance, ...]:
    """The latest of those completed, newest first."""
    statement = (
        sa.select(maintenances)
        .where(_m.ends_at <= now)
        .order_by(_m.ends_at.desc(), _m.id)
        .limit(COMPLETED_SHOWN)
    )
    return await _read(connection, statement, now)


async def get(connection: AsyncConnection, maintenance_id: UUID, now: dt.datetime) -> Maintenance:
    found = await _read(connection, sa.select(maintenances).where(_m.id == maintenance_id), now)
    if not found:
        raise NotFoundError("there is no such maintenance")
    return found[0]


async def hold(write: Write, maintenance_id: UUID) -> Maintenance:
    """Like `get`, and locked until the write ends."""
    statement = sa.select(_m.updated_at).where(_m.id == maintenance_id)
    row = (await write.connection.execute(statement.with_for_update())).one_or_none()
    if row is None:
        raise NotFoundError("there is no such maintenance")
    write.follow(row.updated_at)
    return await get(write.connection, maintenance_id, write.now)


async def create(write: Write, values: Mapping[str, Any]) -> Maintenance:
    """`values`: title, title_ja, body, body_ja, starts_at, ends_at, component_ids."""
    row = dict(values)
    component_ids = row.pop("component_ids")
    rules.check_window(row["starts_at"], row["ends_at"])
    row |= {"id": uuid4(), "created_at": write.now, "updated_at": write.now}
    await write.connection.execute(sa.insert(maintenances).values(row))
    await _put_components(write.connection, row["id"], component_ids)
    return await get(write.connection, row["id"], write.now)


async def change(write: Write, maintenance_id: UUID, changes: Mapping[str, Any]) -> Maintenance:
    """`changes`: the changed members, as in `create`."""
    before = await hold(write, maintenance_id)
    row = dict(changes)
    component_ids = row.pop("component_ids", None)
    rules.check_window(row.get("starts_at", before.starts_at), row.get("ends_at", before.ends_at))
    row["updated_at"] = write.now
    await write.connection.execute(
        sa.update(maintenances).where(_m.id == maintenance_id).values(row)
    )
    if component_ids is not None:
        await _keep(write.connection, {*component_ids, *_ids(before)})
        await write.connection.execute(
            sa.delete(maintenance_components).where(_link.maintenance_id == maintenance_id)
        )
        await _put_components(write.connection, maintenance_id, component_ids)
    return await get(write.connection, maintenance_id, write.now)


async def delete(write: Write, maintenance_id: UUID) -> None:
    before = await hold(write, maintenance_id)
    await _keep(write.connection, _ids(before))
    await write.connection.execute(sa.delete(maintenances).where(_m.id == maintenance_id))


async def check_components(connection: AsyncConnection, ids: Sequence[UUID], pointer: str) -> None:
    """Raise `InvalidError` unless `ids` are distinct and all exist.

    They cannot be deleted until the transaction ends.
    """
    if len(set(ids)) != len(ids):
        raise InvalidError("names a component twice", pointer=pointer)
    known = await _keep(connection, ids)
    if unknown := [each for each in ids if each not in known]:
        raise InvalidError(f"there is no component {unknown[0]}", pointer=pointer)


async def _keep(connection: AsyncConnection, ids: Collection[UUID]) -> set[UUID]:
    """Prevent the deletion of these components until the transaction ends. Returns the existing
    ids.

    Call it before changing links: a deletion also locks the component first, then its links.
    """
    named = sa.select(components.c.id).where(components.c.id.in_(ids)).order_by(components.c.id)
    kept = named.with_for_update(read=True, key_share=True)
    return set((await connection.execute(kept)).scalars())


def _ids(maintenance: Maintenance) -> set[UUID]:
    return {component.id for component in maintenance.components}


async def _put_components(
    connection: AsyncConnection, maintenance_id: UUID, ids: Sequence[UUID]
) -> None:
    if not ids:
        return
    await check_components(connection, ids, "#/component_ids")
    await connection.execute(
        sa.insert(maintenance_components),
        [{"maintenance_id": maintenance_id, "component_id": component_id} for component_id in ids],
    )


async def _read(
    connection: AsyncConnection, statement: sa.Select[Any], now: dt.datetime
) -> tuple[Maintenance, ...]:
    rows = (await connection.execute(statement)).mappings().all()
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
    connection: AsyncConnection, ids: Collection[UUID]
) -> Mapping[UUID, Iterable[MaintenanceComponent]]:
    found: dict[UUID, list[MaintenanceComponent]] = defaultdict(list)
    if ids:
        statement = (
            sa.select(
                _link.maintenance_id, components.c.id, components.c.name, components.c.name_ja
            )
            .join(components, components.c.id == _link.component_id)
            .where(_link.maintenance_id.in_(ids))
            .order_by(components.c.position, components.c.created_at, components.c.id)
        )
        for row in await connection.execute(statement):
            found[row.maintenance_id].append(MaintenanceComponent(row.id, row.name, row.name_ja))
    return found
