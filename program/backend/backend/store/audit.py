"""The audit trail: who did what, when, and the value before. Records are only added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.people import Actor, ActorKind
from backend.store.tables import audit_records

Document = Mapping[str, Any]

_r = audit_records.c


@dataclass(frozen=True, slots=True)
class Deed:
    """`action` is the kind of thing and the change: `incident.changed`.

    `before` and `after` are JSON objects; None where the thing did not exist. They never hold a
    password, a token or a hash of one.
    """

    action: str
    subject_id: UUID | None
    title: str
    before: Document | None = None
    after: Document | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    id: int
    at: dt.datetime
    actor: Actor
    action: str
    subject_id: UUID | None
    title: str
    before: Document | None
    after: Document | None


async def record(connection: AsyncConnection, actor: Actor, deed: Deed) -> None:
    """Add a record in the transaction of the change, so that neither exists without the other."""
    await connection.execute(
        sa.insert(audit_records).values(
            at=sa.func.clock_timestamp(),
            actor_kind=actor.kind,
            actor_name=actor.name,
            action=deed.action,
            subject_id=deed.subject_id,
            title=deed.title,
            before=deed.before,
            after=deed.after,
        )
    )


async def list_page(
    connection: AsyncConnection, limit: int, before: int | None, subject_id: UUID | None
) -> tuple[tuple[AuditRecord, ...], int | None]:
    """At most `limit` records, newest first, and the `before` of the next page, if any."""
    statement = sa.select(audit_records).order_by(_r.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(_r.id < before)
    if subject_id is not None:
        statement = statement.where(_r.subject_id == subject_id)
    rows = (await connection.execute(statement)).mappings().all()
    page = tuple(_record(row) for row in rows[:limit])
    return page, page[-1].id if len(rows) > limit else None


def _record(row: Any) -> AuditRecord:
    values = dict(row)
    actor = Actor(ActorKind(values.pop("actor_kind")), values.pop("actor_name"))
    return AuditRecord(actor=actor, **values)
