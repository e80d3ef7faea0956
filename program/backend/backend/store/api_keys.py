"""API keys: creating, finding by token, revoking. Only a hash of each is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID, uuid4

from backend.domain.errors import ConflictError, NotFoundError
from backend.domain.people import ApiKey, Scope
from backend.store.connection import Connection, Row

MOST = 100  # active keys
SHOWN = 200
# `last_used_at` has this precision, so that a busy key does not cost a write for each request.
_USE_RECORDED = dt.timedelta(minutes=1)

_SELECT = """
    SELECT id, name, scopes, created_by, created_at, last_used_at, revoked_at
      FROM api_keys"""


async def list_all(connection: Connection) -> tuple[ApiKey, ...]:
    """Active keys first, then revoked ones; newest first."""
    rows = await connection.all(
        _SELECT + " ORDER BY revoked_at IS NOT NULL, created_at DESC, id LIMIT %(shown)s",
        shown=SHOWN,
    )
    return tuple(map(_key, rows))


async def get(connection: Connection, key_id: UUID) -> ApiKey:
    row = await connection.one(_SELECT + " WHERE id = %(id)s", id=key_id)
    if row is None:
        raise NotFoundError("there is no such API key")
    return _key(row)


async def make(
    connection: Connection, name: str, scopes: Iterable[Scope], token: bytes, by: str
) -> ApiKey:
    await connection.run("LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE")
    # Only the database's own `lower` is that of its constraints: Python's knows other letters.
    (found,) = await connection.all(
        "SELECT count(*) AS count, count(*) FILTER (WHERE lower(name) = lower(%(name)s))"
        " AS namesakes FROM api_keys WHERE revoked_at IS NULL",
        name=name,
    )
    if found["namesakes"]:
        raise ConflictError("another API key has that name", kind="key-name-taken")
    if found["count"] >= MOST:
        raise ConflictError(f"there are {MOST} API keys already", kind="too-many")
    identifier = uuid4()
    await connection.run(
        "INSERT INTO api_keys (id, name, token_hash, scopes, created_by, created_at)"
        " VALUES (%(id)s, %(name)s, %(token)s, %(scopes)s, %(by)s, now())",
        id=identifier,
        name=name,
        token=token,
        scopes=sorted(set(scopes)),
        by=by,
    )
    return await get(connection, identifier)


async def revoke(connection: Connection, key_id: UUID) -> tuple[ApiKey, bool]:
    """The key, and whether it was active until now."""
    changed = await connection.run(
        "UPDATE api_keys SET revoked_at = now() WHERE id = %(id)s AND revoked_at IS NULL",
        id=key_id,
    )
    return await get(connection, key_id), changed == 1


async def find(connection: Connection, token: bytes) -> ApiKey | None:
    """The active key with this token; records its use."""
    row = await connection.one(
        _SELECT + " WHERE token_hash = %(token)s AND revoked_at IS NULL", token=token
    )
    if row is None:
        return None
    await connection.run(
        "UPDATE api_keys SET last_used_at = now() WHERE token_hash = %(token)s"
        " AND (last_used_at IS NULL OR last_used_at < now() - %(recorded)s)",
        token=token,
        recorded=_USE_RECORDED,
    )
    return _key(row)


def _key(row: Row) -> ApiKey:
    # A scope from a later release, unknown here, gives no right.
    known = tuple(Scope(scope) for scope in row["scopes"] if scope in set(Scope))
    return ApiKey(**{**row, "scopes": known})
