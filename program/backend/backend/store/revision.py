"""The revision: a counter of changes of public data."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from contextvars import Context
from dataclasses import dataclass

from backend.store.connection import Connection
from backend.store.database import Database


@dataclass(frozen=True, slots=True)
class Revision:
    value: int
    changed_at: dt.datetime


async def current_revision(connection: Connection) -> Revision:
    (row,) = await connection.all("SELECT value, changed_at FROM revision")
    return Revision(**row)


class RevisionReader:
    """Reads the revision for many at once.

    A reader that asks during a query shares the next query with all others. That query begins after
    they asked, so its answer is current for each of them. Only one query runs at a time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next: asyncio.Future[Revision] | None = None
        self._task: asyncio.Task[None] | None = None
        self._confirmed: tuple[Revision, float] | None = None

    def confirmed(self, seconds: float) -> Revision | None:
        """The revision, if it was read within the last `seconds`.

        A change by this process makes an older reading invalid at once.
        """
        if self._confirmed is None:
            return None
        revision, asked_at = self._confirmed
        if asked_at < self._database.changed_at or time.monotonic() - asked_at > seconds:
            return None
        return revision

    async def read(self) -> Revision:
        """The current revision; raises `DatabaseUnavailableError`."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        asked = self._next
        if self._task is None:
            # In a context of its own: its log records belong to no single request.
            self._task = asyncio.create_task(self._run(), context=Context())
        return await asyncio.shield(
            asked
        )  # a reader that leaves must not cancel the others' answer

    async def _run(self) -> None:
        while self._next is not None:
            asked, self._next = self._next, None
            asked_at = time.monotonic()
            try:
                async with self._database.query() as connection:
                    revision = await current_revision(connection)
                self._confirmed = revision, asked_at
                asked.set_result(revision)
            except Exception as error:
                asked.set_exception(error)
                asked.exception()  # retrieve it: all readers may have left
        self._task = None
