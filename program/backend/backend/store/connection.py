"""A connection that can be given up at once."""

from __future__ import annotations

from typing import Any

import psycopg


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """Cut, not asked, when what waits for its answer is cancelled.

    psycopg would ask the server to cancel the statement and wait for its word, twice five seconds;
    the server that has made somebody give up is likely to be the one that does not answer. A
    statement that goes on there ends with its own time-out.
    """

    async def cancel_safe(self, *, timeout: float = 30.0) -> None:  # noqa: ARG002, ASYNC109
        self.pgconn.finish()
