"""The answers to requests with an Idempotency-Key, for their repetition.

The key is inserted before the work begins, in the same transaction. A second request with the key
waits for the end of the first. Then it finds the answer, or nothing if the first one failed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import idempotency_records

KEPT = dt.timedelta(hours=24)

_r = idempotency_records.c


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    location: str | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier request with the same key, as a hash, and its answer."""

    request: bytes
    answer: Answer


async def begin(connection: AsyncConnection, key: bytes, request: bytes) -> Earlier | None:
    """The earlier request. None if `key` is new: the caller does the work and calls `keep`."""
    now = sa.func.now()
    await connection.execute(sa.delete(idempotency_records).where(_r.created_at < now - KEPT))
    statement = insert(idempotency_records).values(key=key, request=request, created_at=now)
    statement = statement.on_conflict_do_nothing(index_elements=[_r.key])
    if (await connection.execute(statement.returning(_r.key))).first() is not None:
        return None
    row = (await connection.execute(sa.select(idempotency_records).where(_r.key == key))).one()
    return Earlier(row.request, Answer(row.status, row.body, row.location))


async def keep(connection: AsyncConnection, key: bytes, answer: Answer) -> None:
    await connection.execute(
        sa.update(idempotency_records)
        .where(_r.key == key)
        .values(status=answer.status, body=answer.body, location=answer.location)
    )
