"""The revision: a counter of changes of public data, with the time of the last one."""

from __future__ import annotations

import datetime as dt

from backend.store.connection import Connection


async def last_change(connection: Connection) -> dt.datetime:
    (row,) = await connection.all("SELECT changed_at FROM revision")
    changed_at: dt.datetime = row["changed_at"]
    return changed_at
