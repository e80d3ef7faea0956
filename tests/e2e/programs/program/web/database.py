"""One connection of this process, opened when it is first needed.

To import psycopg is two thirds of a start's processor time, and few of the tasks are asked for what
needs it.
"""

import os
import threading
from typing import Any

_lock = threading.Lock()
_open: list[Any] = []


def execute(statement: str) -> list[tuple]:
    """The rows, if the statement has any."""
    import psycopg

    with _lock:
        if not _open:
            _open.append(
                psycopg.connect(
                    host=os.environ["DATABASE_HOST"], dbname="shop", user="shop",
                    password=os.environ["DATABASE_PASSWORD"], autocommit=True,
                )
            )  # fmt: skip
        cursor = _open[0].execute(statement)
        return cursor.fetchall() if cursor.description else []
