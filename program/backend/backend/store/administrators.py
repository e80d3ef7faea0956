"""Administrators, their sessions, and how often someone tried to become one."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.values import Administrator
from backend.store.tables import administrator_sessions, administrators, sign_in_attempts

_a = administrators.c
_s = administrator_sessions.c
_t = sign_in_attempts.c


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    password_hash: str


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def find_account(connection: AsyncConnection, username: str) -> Account | None:
    statement = sa.select(_a.id, _a.password_hash).where(_a.username == username)
    row = (await connection.execute(statement)).one_or_none()
    return Account(row.id, row.password_hash) if row else None


async def put_password(
    connection: AsyncConnection,
    administrator_id: UUID,
    old_hash: str,
    new_hash: str,
) -> bool:
    """Replace the hash, unless it is no longer `old_hash`."""
    statement = (
        sa.update(administrators)
        .where(_a.id == administrator_id, _a.password_hash == old_hash)
        .values(password_hash=new_hash, updated_at=sa.func.now())
    )
    return (await connection.execute(statement)).rowcount == 1


async def open_session(
    connection: AsyncConnection, account: Account, token: bytes, lifetime: dt.timedelta
) -> dt.datetime | None:
    """Until when the session lasts; None if the password has been changed meanwhile."""
    await connection.execute(
        sa.delete(administrator_sessions).where(_s.expires_at <= sa.func.now())
    )
    unchanged = (
        sa.select(
            sa.literal(token, _s.token_hash.type), _a.id, sa.func.now(), sa.func.now() + lifetime
        )
        .where(_a.id == account.id, _a.password_hash == account.password_hash)
        .with_for_update()
    )
    statement = (
        sa.insert(administrator_sessions)
        .from_select(["token_hash", "administrator_id", "created_at", "expires_at"], unchanged)
        .returning(_s.expires_at)
    )
    row = (await connection.execute(statement)).one_or_none()
    return row.expires_at if row else None


async def find_session(connection: AsyncConnection, token: bytes) -> Administrator | None:
    statement = (
        sa.select(_a.id, _a.username, _s.token_hash, _s.expires_at)
        .join(administrators, _a.id == _s.administrator_id)
        .where(_s.token_hash == token, _s.expires_at > sa.func.now())
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return Administrator(**row) if row else None


async def close_session(connection: AsyncConnection, token: bytes) -> None:
    await connection.execute(sa.delete(administrator_sessions).where(_s.token_hash == token))


async def close_other_sessions(
    connection: AsyncConnection,
    administrator_id: UUID,
    but: bytes,
) -> None:
    await connection.execute(
        sa.delete(administrator_sessions).where(
            _s.administrator_id == administrator_id, _s.token_hash != but
        )
    )


async def count_attempt(
    connection: AsyncConnection, key: bytes, window: dt.timedelta
) -> tuple[int, int]:
    """Count one attempt more: how many there are in `key`'s window, and its seconds left.

    Counting comes before the password is looked at, in one statement, so that attempts at the same
    time are each counted.
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
    """A few of those whose window is over; skips what someone else has in hand."""
    old = (
        sa.select(_t.key)
        .where(_t.expires_at <= sa.func.now())
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    await connection.execute(sa.delete(sign_in_attempts).where(_t.key.in_(old)))
