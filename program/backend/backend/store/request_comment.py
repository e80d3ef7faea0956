"""Each statement names the request that it belongs to, so that the database's log does, too.

PostgreSQL logs the statement of an error, of a long wait for a lock and of a slow query. A comment
in it needs no setting of the server: Aurora's prefix of log lines has no place for more. It comes
first, because a long statement has many lines. PostgreSQL's statistics leave comments out.
"""

from __future__ import annotations

from backend import logs


def name_request(statement: str) -> str:
    """A request's id cannot end the comment: `request_id_of` takes no star, quote or percent
    sign. The statement begins in the comment's line, which is all that many readers show."""
    request = logs.request_id.get()
    return statement if request is None else f"/*request_id='{request}'*/ {statement.lstrip()}"
