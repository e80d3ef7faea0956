"""Counts of attempts to sign in."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import sign_in_attempts

_t = sign_in_attempts.c


async def count_attempt(
    connection: AsyncConnection, key: bytes, window: dt.timedelta
) -> tuple[int, int]:
    """Count one attempt. Returns the number in `key`'s window, and the window's seconds left.

    An attempt is counted before its password is checked, in one statement, so that simultaneous
    attempts are all counted.
    """
    now = sa.func.now()
    over = _t.expires_at <= now
    statement = insert(sign_in_attempts).values(key=key, attempts=1, expires_at=now + window)
    statement = statement.on_conflict_do_update(
        index_elements=[_t.key],
        set_={
            "attempts": sa.case((over, 1), else_=_t.attempts + 1),
            "expires_at": sa.case((over, now + window), else_=_t.expires_at),
        },
    )
    left = sa.func.ceil(sa.extract("epoch", _t.expires_at - now))
    row = (await connection.execute(statement.returning(_t.attempts, left.label("left")))).one()
    return row.attempts, max(1, int(row.left))


async def forget_attempts(connection: AsyncConnection, *keys: bytes) -> None:
    await connection.execute(sa.delete(sign_in_attempts).where(_t.key.in_(keys)))


async def forget_old_attempts(connection: AsyncConnection) -> None:
    """Delete some rows with an old window; skips rows that another transaction has locked."""
    old = (
        sa.select(_t.key)
        .where(_t.expires_at <= sa.func.now())
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    await connection.execute(sa.delete(sign_in_attempts).where(_t.key.in_(old)))
