"""The edge's own lines among the logs of this machine: one for each request, up to a bound.

Under load only a part of a second's requests is written, and how many are left out: the access logs
in the buckets have them all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from bonkei.services.ecs import LogLine, LogSink
from bonkei.services.logs.delivery.requests.request import Access, Finished, header


class EdgeLog:
    """`write` gets the first requests of a second, and how many more there were."""

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink

    def write(self, requests: Sequence[Finished], left_out: int) -> None:
        lines = [_line(each) for each in requests]
        if left_out:
            text = json.dumps({"level": "INFO", "message": f"{left_out} more requests"})
            lines.append(LogLine("edge", "access", "-", "bonkei", requests[-1].time, text))
        self._sink.write(lines)

    def close(self) -> None:
        self._sink.close()


def _request_id(access: Access) -> str:
    """The request's id as the programs behind the edge see it: from the load balancer, or from the
    caller."""
    given = header(access.headers, b"x-request-id")
    return given or access.trace_id or header(access.headers, b"x-amzn-trace-id")


def _line(request: Finished) -> LogLine:
    access = request.access
    path = access.target.partition("?")[0]  # a query may contain a secret
    moment = datetime.fromtimestamp(request.time, UTC)
    members = {
        "type": "access",
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "INFO",
        "message": f"{access.method} {path} {access.status}",
        "request_id": _request_id(access),
        "method": access.method,
        "path": path,
        "status": access.status,
        "duration_ms": round(access.seconds * 1000, 3),
        "client": f"{access.client}:{access.client_port}",
        "listener": access.listener,
        "cache": access.cache_result,
        "blocked_by": access.blocked_by,
        "task": access.task_id,
    }
    shown = {name: value for name, value in members.items() if value != ""}
    return LogLine(
        "edge", "access", access.task_id or "-", "bonkei", request.time,
        json.dumps(shown, ensure_ascii=False),
    )  # fmt: skip
