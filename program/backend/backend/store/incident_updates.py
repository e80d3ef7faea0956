"""An incident's updates: posting, editing and deleting them. They determine the incident.

The update with the latest time (not the one posted last) gives the incident its status.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from backend.domain import rules
from backend.domain.errors import NotFoundError
from backend.domain.status import IncidentStatus
from backend.domain.values import Incident, IncidentUpdate
from backend.store.components import lock, settle_status
from backend.store.database import Write
from backend.store.incidents import Affected, get, hold, ids_of, put_components

_MICROSECOND = dt.timedelta(microseconds=1)

Point = tuple[dt.datetime, IncidentStatus]


async def post(
    write: Write,
    incident_id: UUID,
    values: Mapping[str, Any],
    affected: Affected | None,
) -> Incident:
    """`values`: status, body, body_ja, occurred_at (None: now). `resolved` frees the components."""
    before = await hold(write, incident_id)
    row = dict(values)
    occurred = row.pop("occurred_at")
    if occurred is None or affected is not None:
        rules.check_still_open(before.status)
    if occurred is not None:
        rules.check_occurred(occurred, before.started_at, write.now)
    at = _free(occurred or write.now, before.updates)
    _check([*_points(before.updates), (at, row["status"])])
    row |= {"id": uuid4(), "incident_id": incident_id, "created_at": at}
    await write.connection.insert("incident_updates", row)
    await lock(write, ids_of(affected or ()) | before.component_ids)
    if affected is not None:
        await put_components(write, incident_id, affected)
    return await _settle(write, incident_id)


async def edit(
    write: Write, incident_id: UUID, update_id: UUID, changes: Mapping[str, Any]
) -> Incident:
    """`changes`: any of status, body, body_ja, occurred_at."""
    before = await hold(write, incident_id)
    await lock(write, before.component_ids)
    mine = find(before, update_id)
    others = [update for update in before.updates if update.id != update_id]
    row = dict(changes)
    if "occurred_at" in row:
        at = row.pop("occurred_at")
        rules.check_occurred(at, before.started_at, write.now)
        row["created_at"] = _free(at, others)
    point = (row.get("created_at", mine.created_at), row.get("status", mine.status))
    _check([*_points(others), point])
    row["edited_at"] = write.now
    await write.connection.update("incident_updates", update_id, row)
    return await _settle(write, incident_id)


async def delete(write: Write, incident_id: UUID, update_id: UUID) -> Incident:
    """Without the update that resolved it, an incident is open again."""
    before = await hold(write, incident_id)
    await lock(write, before.component_ids)
    find(before, update_id)
    _check(_points(update for update in before.updates if update.id != update_id))
    await write.connection.run("DELETE FROM incident_updates WHERE id = %(id)s", id=update_id)
    return await _settle(write, incident_id)


def find(incident: Incident, update_id: UUID) -> IncidentUpdate:
    for update in incident.updates:
        if update.id == update_id:
            return update
    raise NotFoundError("the incident has no such update")


async def _settle(write: Write, incident_id: UUID) -> Incident:
    """Set the incident and its components by its updates. The caller holds all locks."""
    found = await get(write.connection, incident_id)
    newest = found.updates[0]
    resolved = newest.status is IncidentStatus.RESOLVED
    values = {
        "status": newest.status,
        "resolved_at": newest.created_at if resolved else None,
        "updated_at": write.now,
    }
    await write.connection.update("incidents", incident_id, values)
    await settle_status(write, found.component_ids)
    return await get(write.connection, incident_id)


def _points(updates: Iterable[IncidentUpdate]) -> list[Point]:
    return [(update.created_at, update.status) for update in updates]


def _check(points: Sequence[Point]) -> None:
    newest_first = sorted(points, key=lambda point: point[0], reverse=True)
    rules.check_sequence([status for _, status in newest_first])


def _free(at: dt.datetime, others: Collection[IncidentUpdate]) -> dt.datetime:
    """A free time after `at`. Forms have whole minutes; within one, the order of posting counts."""
    taken = {update.created_at for update in others}
    while at in taken:
        at += _MICROSECOND
    return at
