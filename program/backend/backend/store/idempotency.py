"""The answers to requests with an Idempotency-Key, for their repetition.

The key is inserted before the work begins, in the same transaction. A second request with the key
waits for the end of the first. Then it finds the answer, or nothing if the first one failed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from backend.store.connection import Connection

KEPT = dt.timedelta(hours=24)


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


async def begin(connection: Connection, key: bytes, request: bytes) -> Earlier | None:
    """The earlier request. None if `key` is new: the caller does the work and calls `keep`."""
    await connection.run(
        "DELETE FROM idempotency_records WHERE created_at < now() - %(kept)s", kept=KEPT
    )
    made = await connection.run(
        "INSERT INTO idempotency_records (key, request, created_at)"
        " VALUES (%(key)s, %(request)s, now()) ON CONFLICT (key) DO NOTHING",
        key=key,
        request=request,
    )
    if made:
        return None
    (row,) = await connection.all(
        "SELECT request, status, body, location FROM idempotency_records WHERE key = %(key)s",
        key=key,
    )
    return Earlier(row.pop("request"), Answer(**row))


async def keep(connection: Connection, key: bytes, answer: Answer) -> None:
    await connection.run(
        "UPDATE idempotency_records"
        " SET status = %(status)s, body = %(body)s, location = %(location)s WHERE key = %(key)s",
        key=key,
        status=answer.status,
        body=answer.body,
        location=answer.location,
    )
