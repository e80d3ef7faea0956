"""One connection of this process, opened when it is first needed."""

import os
import threading

import psycopg

_lock = threading.Lock()
_open: list[psycopg.Connection] = []


def execute(statement: str) -> list[tuple]:
    """The rows, if the statement has any."""
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
