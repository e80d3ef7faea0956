"""Records as JSON on stdout, one a line. The log router sorts them by level and type.

    {"type": "application", "time": "2026-01-02T03:04:05.678Z", "level": "ERROR",
     "logger": "backend.api", "message": "…", "request_id": "…", "exception": "Traceback …"}
    {"type": "access", …, "method": "GET", "path": "/api/v1/status", "status": 200, …}

Levels: DEBUG, INFO, WARNING, ERROR, FATAL (the process cannot go on).

Access records are buffered for at most `WAIT_SECONDS` and written together, so that no request
waits for its record. Only SIGKILL can lose buffered records.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import sys
import time
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TextIO

from pydantic_core import PydanticSerializationError, to_json

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
database_seconds: ContextVar[list[float] | None] = ContextVar("database_seconds", default=None)
"""What the statements of a request took, one after the other."""

ACCESS = "backend.access"
WAIT_SECONDS = 0.05
WAITING = 256  # a buffer with this many records is written at once

_access = logging.getLogger(ACCESS)


class JsonFormatter(logging.Formatter):
    """Members of `extra={"fields": {...}}` become members of the record."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "type": "application",
            "time": _time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            entry["request_id"] = current
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return _encode(entry)


_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Output(logging.StreamHandler[TextIO]):
    """Writes records in their order; an access record may wait for others."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self._write_waiting()
        super().emit(record)

    def write_later(self, line: str) -> None:
        """Write this record together with the next ones."""
        self._waiting.append(line)
        if len(self._waiting) >= WAITING:
            self.flush()
        elif self._timer is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:  # no event loop would write it later
                self.flush()
            else:
                self._timer = loop.call_later(WAIT_SECONDS, self.flush)

    def flush(self) -> None:
        """Write the buffered records; `logging` calls this before the process ends."""
        self.acquire()
        try:
            self._write_waiting()
            super().flush()
        finally:
            self.release()

    def _write_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        try:
            self.stream.write(self.terminator.join((*waiting, "")))
        except (OSError, ValueError) as error:
            self.handleError(logging.makeLogRecord({"msg": f"access records: {error}"}))


output: Output | None = None


def log_access(level: int, message: str, fields: dict[str, Any]) -> None:
    """Write one access record, without a `LogRecord`: making one would take longer than the
    answer."""
    if output is None or not _access.isEnabledFor(level):
        return
    entry = {
        "type": "access",
        "time": _time(time.time()),
        "level": logging.getLevelName(level),
        "logger": ACCESS,
        "message": message,
        **fields,
    }
    try:
        line = to_json(entry).decode()
    except PydanticSerializationError:  # a lone surrogate, from a hostile request
        line = _encode(entry)
    output.write_later(line)


def _time(seconds: float) -> str:
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(whole: int) -> str:
    return dt.datetime.fromtimestamp(whole, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def configure(level: str) -> None:
    """Send every logger's records, warnings included, to stdout as JSON from `level` on."""
    logging.addLevelName(logging.CRITICAL, "FATAL")
    # A lone surrogate from a hostile request must not make logging fail.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    global output  # noqa: PLW0603 - one process has one standard output
    output = Output(sys.stdout)
    output.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[output], force=True)
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
