"""A connection that can be dropped at once."""

from __future__ import annotations

from typing import Any

import psycopg


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """Closed when the task that waits for its answer is cancelled.

    psycopg would ask the server to cancel the statement, and wait for the answer twice five
    seconds. But such a server probably does not answer at all. A statement that goes on there ends
    with its own time-out.
    """

    async def cancel_safe(self, *, timeout: float = 30.0) -> None:  # noqa: ARG002, ASYNC109
        self.pgconn.finish()
