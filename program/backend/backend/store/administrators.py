"""Administrators: listing, creating and disabling them, and their passwords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID, uuid4

from backend.domain.errors import ConflictError, NotFoundError
from backend.domain.people import Administrator
from backend.store.connection import Connection

MOST = 100
# Matches no password, so that a release without `disabled_at` refuses the account too.
_NO_PASSWORD = "disabled"  # noqa: S105

_SELECT = """
    SELECT id, username, created_at, last_signed_in_at, disabled_at
      FROM administrators"""


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    password_hash: str


async def find_account(connection: Connection, username: str) -> Account | None:
    """The account of an active administrator."""
    row = await connection.one(
        "SELECT id, password_hash FROM administrators"
        " WHERE username = %(username)s AND disabled_at IS NULL",
        username=username,
    )
    return Account(**row) if row else None


async def list_all(connection: Connection) -> tuple[Administrator, ...]:
    rows = await connection.all(_SELECT + " ORDER BY lower(username)")
    return tuple(Administrator(**row) for row in rows)


async def get(connection: Connection, administrator_id: UUID) -> Administrator:
    return await _one(connection, "id = %(id)s", id=administrator_id)


async def get_named(connection: Connection, username: str) -> Administrator:
    return await _one(connection, "username = %(username)s", username=username)


async def make(connection: Connection, username: str, password_hash: str) -> Administrator:
    """Create one. Raises `ConflictError` if the name is taken, regardless of letter case."""
    # So that two creations at the same time see each other.
    await connection.run("LOCK TABLE administrators IN SHARE ROW EXCLUSIVE MODE")
    # Only the database's own `lower` is that of its constraints: Python's knows other letters.
    (found,) = await connection.all(
        "SELECT count(*) AS count, count(*) FILTER (WHERE lower(username) = lower(%(username)s))"
        " AS namesakes FROM administrators",
        username=username,
    )
    if found["namesakes"]:
        raise ConflictError("another administrator has that name", kind="username-taken")
    if found["count"] >= MOST:
        raise ConflictError(f"there are {MOST} administrators already", kind="too-many")
    identifier = uuid4()
    await connection.run(
        "INSERT INTO administrators (id, username, password_hash, created_at, updated_at)"
        " VALUES (%(id)s, %(username)s, %(password_hash)s, now(), now())",
        id=identifier,
        username=username,
        password_hash=password_hash,
    )
    return await get(connection, identifier)


async def disable(connection: Connection, administrator_id: UUID) -> Administrator:
    """Raises `ConflictError` for the last active one: no administrator would be left."""
    # Lock all active ones, always in this order, so that two cannot disable each other.
    active = await connection.run(
        "SELECT id FROM administrators WHERE disabled_at IS NULL ORDER BY id FOR UPDATE"
    )
    found = await get(connection, administrator_id)
    if not found.is_active:
        return found
    if active == 1:
        raise ConflictError(
            "this is the last active administrator; make another one first",
            kind="last-administrator",
        )
    await connection.run(
        "UPDATE administrators SET password_hash = %(none)s, disabled_at = now(),"
        " updated_at = now() WHERE id = %(id)s",
        none=_NO_PASSWORD,
        id=administrator_id,
    )
    return await get(connection, administrator_id)


async def reset_password(
    connection: Connection, administrator_id: UUID, new_hash: str
) -> Administrator:
    """Set a new password, and enable the administrator if disabled."""
    await connection.run(
        "UPDATE administrators SET password_hash = %(new_hash)s, disabled_at = NULL,"
        " updated_at = now() WHERE id = %(id)s",
        new_hash=new_hash,
        id=administrator_id,
    )
    return await get(connection, administrator_id)


async def put_password(
    connection: Connection,
    administrator_id: UUID,
    old_hash: str,
    new_hash: str,
) -> bool:
    """Replace the hash, unless it is no longer `old_hash`."""
    changed = await connection.run(
        "UPDATE administrators SET password_hash = %(new_hash)s, updated_at = now()"
        " WHERE id = %(id)s AND password_hash = %(old_hash)s",
        new_hash=new_hash,
        id=administrator_id,
        old_hash=old_hash,
    )
    return changed == 1


async def _one(connection: Connection, condition: LiteralString, **values: object) -> Administrator:
    row = await connection.one(_SELECT + " WHERE " + condition, **values)
    if row is None:
        raise NotFoundError("there is no such administrator")
    return Administrator(**row)
