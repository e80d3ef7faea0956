"""Counts of attempts to sign in."""

from __future__ import annotations

import datetime as dt

from backend.store.connection import Connection


async def count_attempt(
    connection: Connection, key: bytes, window: dt.timedelta
) -> tuple[int, int]:
    """Count one attempt. Returns the number in `key`'s window, and the window's seconds left.

    An attempt is counted before its password is checked, in one statement, so that simultaneous
    attempts are all counted.
    """
    (row,) = await connection.all(
        """
        INSERT INTO sign_in_attempts AS t (key, attempts, expires_at)
        VALUES (%(key)s, 1, now() + %(window)s)
        ON CONFLICT (key) DO UPDATE SET
            attempts = CASE WHEN t.expires_at <= now() THEN 1 ELSE t.attempts + 1 END,
            expires_at = CASE WHEN t.expires_at <= now() THEN excluded.expires_at
                              ELSE t.expires_at END
        RETURNING attempts, ceil(extract(epoch FROM expires_at - now()))::integer AS left
        """,
        key=key,
        window=window,
    )
    return row["attempts"], max(1, row["left"])


async def forget_attempts(connection: Connection, *keys: bytes) -> None:
    await connection.run("DELETE FROM sign_in_attempts WHERE key = ANY(%(keys)s)", keys=list(keys))


async def forget_old_attempts(connection: Connection) -> None:
    """Delete some rows with an old window; skips rows that another transaction has locked."""
    await connection.run("""
        DELETE FROM sign_in_attempts WHERE key IN (
            SELECT key FROM sign_in_attempts WHERE expires_at <= now()
             LIMIT 100 FOR UPDATE SKIP LOCKED)
    """)
