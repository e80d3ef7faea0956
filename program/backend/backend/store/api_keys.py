"""API keys: creating, finding by token, revoking. Only a hash of each is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.errors import ConflictError, NotFoundError
from backend.domain.people import ApiKey, Scope
from backend.store.tables import api_keys

MOST = 100  # active keys
SHOWN = 200
# `last_used_at` has this precision, so that a busy key does not cost a write for each request.
_USE_RECORDED = dt.timedelta(minutes=1)

_k = api_keys.c


async def list_all(connection: AsyncConnection) -> tuple[ApiKey, ...]:
    """Active keys first, then revoked ones; newest first."""
    rows = await connection.execute(
        _select().order_by(_k.revoked_at.isnot(None), _k.created_at.desc(), _k.id).limit(SHOWN)
    )
    return tuple(_key(row) for row in rows.mappings())


async def get(connection: AsyncConnection, key_id: UUID) -> ApiKey:
    row = (await connection.execute(_select().where(_k.id == key_id))).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such API key")
    return _key(row)


async def make(
    connection: AsyncConnection, name: str, scopes: Iterable[Scope], token: bytes, by: str
) -> ApiKey:
    await connection.execute(sa.text("LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE"))
    working = sa.select(sa.func.lower(_k.name)).where(_k.revoked_at.is_(None))
    names = (await connection.execute(working)).scalars().all()
    if name.lower() in names:
        raise ConflictError("another API key has that name", kind="key-name-taken")
    if len(names) >= MOST:
        raise ConflictError(f"there are {MOST} API keys already", kind="too-many")
    identifier = uuid4()
    await connection.execute(
        sa.insert(api_keys).values(
            id=identifier,
            name=name,
            token_hash=token,
            scopes=sorted(set(scopes)),
            created_by=by,
            created_at=sa.func.now(),
        )
    )
    return await get(connection, identifier)


async def revoke(connection: AsyncConnection, key_id: UUID) -> tuple[ApiKey, bool]:
    """The key, and whether it was active until now."""
    statement = (
        sa.update(api_keys)
        .where(_k.id == key_id, _k.revoked_at.is_(None))
        .values(revoked_at=sa.func.now())
    )
    changed = (await connection.execute(statement)).rowcount == 1
    return await get(connection, key_id), changed


async def find(connection: AsyncConnection, token: bytes) -> ApiKey | None:
    """The active key with this token; records its use."""
    statement = _select().where(_k.token_hash == token, _k.revoked_at.is_(None))
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    now = sa.func.now()
    await connection.execute(
        sa.update(api_keys)
        .where(
            _k.token_hash == token,
            sa.or_(_k.last_used_at.is_(None), _k.last_used_at < now - _USE_RECORDED),
        )
        .values(last_used_at=now)
    )
    return _key(row)


def _select() -> sa.Select[Any]:
    return sa.select(
        _k.id, _k.name, _k.scopes, _k.created_by, _k.created_at, _k.last_used_at, _k.revoked_at
    )


def _key(row: Any) -> ApiKey:
    # A scope from a later release, unknown here, gives no right.
    known = tuple(Scope(scope) for scope in row["scopes"] if scope in set(Scope))
    return ApiKey(**{**row, "scopes": known})
