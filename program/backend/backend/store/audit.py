"""The audit trail: who did what, when, and the value before. Records are only added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.domain.people import Actor, ActorKind
from backend.store.connection import Connection, Row

Document = Mapping[str, Any]


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


async def record(connection: Connection, actor: Actor, deed: Deed) -> None:
    """Add a record in the transaction of the change, so that neither exists without the other."""
    await connection.run(
        """
        INSERT INTO audit_records
               (at, actor_kind, actor_name, action, subject_id, title, before, after)
        VALUES (clock_timestamp(), %(actor_kind)s, %(actor_name)s, %(action)s, %(subject_id)s,
                %(title)s, %(before)s, %(after)s)
        """,
        actor_kind=actor.kind,
        actor_name=actor.name,
        action=deed.action,
        subject_id=deed.subject_id,
        title=deed.title,
        before=_json(deed.before),
        after=_json(deed.after),
    )


async def list_page(
    connection: Connection, limit: int, before: int | None, subject_id: UUID | None
) -> tuple[tuple[AuditRecord, ...], int | None]:
    """At most `limit` records, newest first, and the `before` of the next page, if any."""
    statement = """
        SELECT id, at, actor_kind, actor_name, action, subject_id, title, before, after
          FROM audit_records WHERE true"""
    if before is not None:
        statement += " AND id < %(before)s"
    if subject_id is not None:
        statement += " AND subject_id = %(subject_id)s"
    statement += " ORDER BY id DESC LIMIT %(limit)s"
    rows = await connection.all(statement, before=before, subject_id=subject_id, limit=limit + 1)
    page = tuple(_record(row) for row in rows[:limit])
    return page, page[-1].id if len(rows) > limit else None


def _record(row: Row) -> AuditRecord:
    actor = Actor(ActorKind(row.pop("actor_kind")), row.pop("actor_name"))
    return AuditRecord(actor=actor, **row)


def _json(document: Document | None) -> Jsonb | None:
    return None if document is None else Jsonb(document)
