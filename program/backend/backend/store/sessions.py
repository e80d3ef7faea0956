"""Administrators' sessions, and the browsers in which they have signed in before."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.people import Session
from backend.store.administrators import Account
from backend.store.tables import administrator_devices, administrator_sessions, administrators

_a = administrators.c
_s = administrator_sessions.c
_d = administrator_devices.c


def token_hash(token: str) -> bytes:
    """Tokens are 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def open_session(
    connection: AsyncConnection, account: Account, token: bytes, lifetime: dt.timedelta
) -> dt.datetime | None:
    """Open a session and return its end; None if the account has changed meanwhile."""
    await connection.execute(
        sa.delete(administrator_sessions).where(_s.expires_at <= sa.func.now())
    )
    unchanged = (
        sa.select(
            sa.literal(token, _s.token_hash.type), _a.id, sa.func.now(), sa.func.now() + lifetime
        )
        .where(
            _a.id == account.id,
            _a.password_hash == account.password_hash,
            _a.disabled_at.is_(None),
        )
        .with_for_update()
    )
    statement = (
        sa.insert(administrator_sessions)
        .from_select(["token_hash", "administrator_id", "created_at", "expires_at"], unchanged)
        .returning(_s.expires_at)
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    await connection.execute(
        sa.update(administrators).where(_a.id == account.id).values(last_signed_in_at=sa.func.now())
    )
    return cast("dt.datetime", row.expires_at)


async def find_session(connection: AsyncConnection, token: bytes) -> Session | None:
    statement = (
        sa.select(_a.id, _a.username, _s.token_hash, _s.expires_at)
        .join(administrators, _a.id == _s.administrator_id)
        .where(_s.token_hash == token, _s.expires_at > sa.func.now(), _a.disabled_at.is_(None))
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return Session(**row) if row else None


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


async def close_all_sessions(connection: AsyncConnection, administrator_id: UUID) -> None:
    """Close all sessions and forget the browsers: then only a password gives access."""
    for table in (administrator_sessions, administrator_devices):
        await connection.execute(
            sa.delete(table).where(table.c.administrator_id == administrator_id)
        )


async def knows_device(connection: AsyncConnection, username: str, device: bytes) -> bool:
    statement = (
        sa.select(sa.literal(1))
        .join(administrators, _a.id == _d.administrator_id)
        .where(_d.token_hash == device, _d.expires_at > sa.func.now(), _a.username == username)
    )
    return (await connection.execute(statement)).first() is not None


async def remember_device(
    connection: AsyncConnection, account: Account, device: bytes, lifetime: dt.timedelta
) -> None:
    until = sa.func.now() + lifetime
    await connection.execute(sa.delete(administrator_devices).where(_d.expires_at <= sa.func.now()))
    statement = insert(administrator_devices).values(
        token_hash=device,
        administrator_id=account.id,
        created_at=sa.func.now(),
        expires_at=until,
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[_d.token_hash],
            set_={"administrator_id": account.id, "expires_at": until},
        )
    )
