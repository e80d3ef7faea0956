"""Administrators: listing, creating and disabling them, and their passwords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.errors import ConflictError, NotFoundError
from backend.domain.people import Administrator
from backend.store.tables import administrators

MOST = 100
# Matches no password, so that a release without `disabled_at` refuses the account too.
_NO_PASSWORD = "disabled"  # noqa: S105

_a = administrators.c


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    password_hash: str


async def find_account(connection: AsyncConnection, username: str) -> Account | None:
    """The account of an active administrator."""
    statement = sa.select(_a.id, _a.password_hash).where(
        _a.username == username, _a.disabled_at.is_(None)
    )
    row = (await connection.execute(statement)).one_or_none()
    return Account(row.id, row.password_hash) if row else None


async def list_all(connection: AsyncConnection) -> tuple[Administrator, ...]:
    rows = await connection.execute(_select().order_by(sa.func.lower(_a.username)))
    return tuple(Administrator(**row) for row in rows.mappings())


async def get(connection: AsyncConnection, administrator_id: UUID) -> Administrator:
    return await _one(connection, _a.id == administrator_id)


async def get_named(connection: AsyncConnection, username: str) -> Administrator:
    return await _one(connection, _a.username == username)


async def make(connection: AsyncConnection, username: str, password_hash: str) -> Administrator:
    """Create one. Raises `ConflictError` if the name is taken, regardless of letter case."""
    # So that two creations at the same time see each other.
    await connection.execute(sa.text("LOCK TABLE administrators IN SHARE ROW EXCLUSIVE MODE"))
    names = (await connection.execute(sa.select(sa.func.lower(_a.username)))).scalars().all()
    if username.lower() in names:
        raise ConflictError("another administrator has that name", kind="username-taken")
    if len(names) >= MOST:
        raise ConflictError(f"there are {MOST} administrators already", kind="too-many")
    identifier = uuid4()
    now = sa.func.now()
    await connection.execute(
        sa.insert(administrators).values(
            id=identifier,
            username=username,
            password_hash=password_hash,
            created_at=now,
            updated_at=now,
        )
    )
    return await get(connection, identifier)


async def disable(connection: AsyncConnection, administrator_id: UUID) -> Administrator:
    """Raises `ConflictError` for the last active one: no administrator would be left."""
    # Lock all active ones, always in this order, so that two cannot disable each other.
    active = sa.select(_a.id).where(_a.disabled_at.is_(None)).order_by(_a.id).with_for_update()
    ids = (await connection.execute(active)).scalars().all()
    found = await get(connection, administrator_id)
    if not found.is_active:
        return found
    if len(ids) == 1:
        raise ConflictError(
            "this is the last active administrator; make another one first",
            kind="last-administrator",
        )
    await connection.execute(
        sa.update(administrators)
        .where(_a.id == administrator_id)
        .values(password_hash=_NO_PASSWORD, disabled_at=sa.func.now(), updated_at=sa.func.now())
    )
    return await get(connection, administrator_id)


async def reset_password(
    connection: AsyncConnection, administrator_id: UUID, new_hash: str
) -> Administrator:
    """Set a new password, and enable the administrator if disabled."""
    await connection.execute(
        sa.update(administrators)
        .where(_a.id == administrator_id)
        .values(password_hash=new_hash, disabled_at=None, updated_at=sa.func.now())
    )
    return await get(connection, administrator_id)


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


async def _one(connection: AsyncConnection, condition: sa.ColumnElement[bool]) -> Administrator:
    row = (await connection.execute(_select().where(condition))).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such administrator")
    return Administrator(**row)


def _select() -> sa.Select[Any]:
    return sa.select(_a.id, _a.username, _a.created_at, _a.last_signed_in_at, _a.disabled_at)
