"""Administrators' sessions, and the browsers in which they have signed in before."""

from __future__ import annotations

import datetime as dt
import hashlib
from uuid import UUID

from backend.domain.people import Session
from backend.store.administrators import Account
from backend.store.connection import Connection


def token_hash(token: str) -> bytes:
    """Tokens are 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def open_session(
    connection: Connection, account: Account, token: bytes, lifetime: dt.timedelta
) -> dt.datetime | None:
    """Open a session and return its end; None if the account has changed meanwhile."""
    await connection.run("DELETE FROM administrator_sessions WHERE expires_at <= now()")
    row = await connection.one(
        """
        INSERT INTO administrator_sessions (token_hash, administrator_id, created_at, expires_at)
        SELECT %(token)s, id, now(), now() + %(lifetime)s
          FROM administrators
         WHERE id = %(id)s AND password_hash = %(password_hash)s AND disabled_at IS NULL
           FOR UPDATE
        RETURNING expires_at
        """,
        token=token,
        lifetime=lifetime,
        id=account.id,
        password_hash=account.password_hash,
    )
    if row is None:
        return None
    await connection.run(
        "UPDATE administrators SET last_signed_in_at = now() WHERE id = %(id)s", id=account.id
    )
    expires_at: dt.datetime = row["expires_at"]
    return expires_at


async def find_session(connection: Connection, token: bytes) -> Session | None:
    row = await connection.one(
        "SELECT a.id, username, token_hash, expires_at"
        "  FROM administrator_sessions JOIN administrators a ON a.id = administrator_id"
        " WHERE token_hash = %(token)s AND expires_at > now() AND disabled_at IS NULL",
        token=token,
    )
    return Session(**row) if row else None


async def close_session(connection: Connection, token: bytes) -> None:
    await connection.run(
        "DELETE FROM administrator_sessions WHERE token_hash = %(token)s", token=token
    )


async def close_other_sessions(connection: Connection, administrator_id: UUID, but: bytes) -> None:
    await connection.run(
        "DELETE FROM administrator_sessions"
        " WHERE administrator_id = %(id)s AND token_hash <> %(but)s",
        id=administrator_id,
        but=but,
    )


async def close_all_sessions(connection: Connection, administrator_id: UUID) -> None:
    """Close all sessions and forget the browsers: then only a password gives access."""
    for statement in (
        "DELETE FROM administrator_sessions WHERE administrator_id = %(id)s",
        "DELETE FROM administrator_devices WHERE administrator_id = %(id)s",
    ):
        await connection.run(statement, id=administrator_id)


async def knows_device(connection: Connection, username: str, device: bytes) -> bool:
    row = await connection.one(
        "SELECT d.token_hash"
        "  FROM administrator_devices d JOIN administrators a ON a.id = administrator_id"
        " WHERE token_hash = %(device)s AND expires_at > now() AND username = %(username)s",
        device=device,
        username=username,
    )
    return row is not None


async def remember_device(
    connection: Connection, account: Account, device: bytes, lifetime: dt.timedelta
) -> None:
    await connection.run("DELETE FROM administrator_devices WHERE expires_at <= now()")
    await connection.run(
        """
        INSERT INTO administrator_devices (token_hash, administrator_id, created_at, expires_at)
        VALUES (%(device)s, %(id)s, now(), now() + %(lifetime)s)
        ON CONFLICT (token_hash) DO UPDATE SET
            administrator_id = excluded.administrator_id, expires_at = excluded.expires_at
        """,
        device=device,
        id=account.id,
        lifetime=lifetime,
    )
