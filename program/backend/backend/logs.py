"""Records as JSON on stdout, one a line. The log router sorts them by level and type.

    {"type": "application", "time": "2026-01-02T03:04:05.678Z", "level": "ERROR",
     "logger": "backend.api", "message": "…", "request_id": "…", "exception": "Traceback …"}
    {"type": "access", …, "method": "GET", "path": "/api/v1/status", "status": 200, …}

Levels: DEBUG, INFO, WARNING, ERROR, FATAL (the process cannot go on).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from contextvars import ContextVar
from typing import Any

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
database_seconds: ContextVar[list[float] | None] = ContextVar("database_seconds", default=None)
"""What the statements of a request took, one after the other."""

ACCESS = "backend.access"


class JsonFormatter(logging.Formatter):
    """Members of `extra={"fields": {...}}` become members of the record."""

    def format(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        entry: dict[str, Any] = {
            "type": "access" if record.name == ACCESS else "application",
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            entry["request_id"] = current
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    """Send every logger's records, warnings included, to stdout as JSON from `level` on."""
    logging.addLevelName(logging.CRITICAL, "FATAL")
    # A lone surrogate from a hostile request must not make logging fail.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in ("uvicorn.error", "alembic.runtime.plugins"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        raise SystemExit(130)
    logging.getLogger("backend").critical(
        "uncaught %s", kind.__name__, exc_info=(kind, error, trace)
    )
