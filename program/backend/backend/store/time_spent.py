"""How long a request's statements take, for its access record: `database_ms`."""

from __future__ import annotations

import time
from typing import Any

from backend import logs


def begin(
    _connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    """For SQLAlchemy's event `before_cursor_execute`."""
    context.begun = time.perf_counter()


def end(
    _connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    """For `after_cursor_execute`. A statement that failed does not count."""
    spent = logs.database_seconds.get()
    if spent is not None:
        spent.append(time.perf_counter() - context.begun)
