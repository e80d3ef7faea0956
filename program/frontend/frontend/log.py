"""Records as JSON on stdout, one a line, in the same form as the backend's.

    {"type": "application", "time": "2026-01-02T03:04:05.678Z", "level": "ERROR",
     "logger": "frontend.api", "message": "…", "request_id": "…", "exception": "Traceback …"}
    {"type": "access", …, "method": "GET", "path": "/history", "status": 200, …}

Levels: DEBUG, INFO, WARNING, ERROR, FATAL (the process cannot go on).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
trace_id: ContextVar[str] = ContextVar("trace_id", default="")
"""X-Amzn-Trace-Id, as the load balancer sent it."""

ACCESS = "frontend.access"


class JsonFormatter(logging.Formatter):
    """`extra={"fields": {...}}` on a record adds members to it."""

    def format(self, record: logging.LogRecord) -> str:
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        entry: dict[str, object] = {
            "type": "access" if record.name == ACCESS else "application",
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identifier := request_id.get():
            entry["request_id"] = identifier
        entry.update(getattr(record, "fields", {}))
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure_logging(level: str) -> None:
    """Make every logger, uvicorn's and warnings' included, write JSON from `level` on."""
    logging.addLevelName(logging.CRITICAL, "FATAL")
    # A lone surrogate from a hostile request must not make logging fail.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
