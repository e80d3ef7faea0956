"""Logs of this machine and a log group, in real files and a real store."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import cast

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.events import Bus, LogEvent, LogEventsIngested
from bonkei.miniature.console.logs import LogSources, offer_logs
from bonkei.services.console import Console
from bonkei.services.endpoint.looking import Beginning, Listing, Looking, StoredObject
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.log_store import LogStore
from tests.bonkei.services.console.samples.tasks import snapshot
from tests.bonkei.services.console.samples.world import MARKUP, Done

GROUP = "/ecs/statuspage/backend"
TASK = snapshot().tasks[0].id
REQUEST = "Root=1-674612f3-0aa1b2c3d4e5f60718293a4b"


def stamp(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def record(level: str, message: str, **more: object) -> str:
    return json.dumps({"level": level, "message": message, **more})


def written(directory: Path, now: float) -> None:
    """A backend that fails once, a frontend, PostgreSQL, and the miniature's own output."""
    backend = directory / "statuspage-backend"
    backend.mkdir(parents=True)
    lines = [
        f"{stamp(now - 900 + number)} {TASK} {record('INFO', f'GET /api/v1/status {number}')}"
        for number in range(700)
    ]
    exception = "Traceback (most recent call last):\n  x"
    failed = record("ERROR", f"could not read {MARKUP}", request_id=REQUEST, exception=exception)
    lines += [
        f"{stamp(now - 60)} {TASK} {failed}",
        f"{stamp(now - 30)} {TASK} {record('WARNING', 'slow', milliseconds=913)}",
    ]
    (backend / "backend.log").write_text("\n".join(lines) + "\n")
    (directory / "statuspage-database").mkdir()
    at = stamp(now - 59)[:-1].replace("T", " ")
    line = f"{at} UTC:127.0.0.1(1):app@app:[7]:ERROR:  no such table\n"
    (directory / "statuspage-database" / "postgresql.log").write_text(line)
    (directory / "bonkei.log").write_text(f"{stamp(now - 1000)} Ready after 3.2 s.\n")


def store(directory: Path, bus: Bus, now: float) -> LogStore:
    def accepted(group: str, stream: str, events: tuple[LogEvent, ...]) -> None:
        bus.publish(LogEventsIngested(group, stream, events))

    found = LogStore(directory, accepted)
    found.open()
    found.create_group(GroupDocument(GROUP, int(now * 1000)))
    for stream in ("backend/backend/one", "backend/backend/two"):
        found.create_stream(GROUP, stream)
        events = [(int((now - 90 + n) * 1000), record("ERROR", f"{stream} {n}")) for n in range(30)]
        found.put(GROUP, stream, events)
    return found


ACCESS = "statuspage-access-logs"
LINE = (
    "http {at} app/statuspage/1 127.0.0.1:1 127.0.0.1:2 0.000 0.303 0.000 503 503 0 33 "
    '"GET http://127.0.0.1:80/checkout HTTP/1.1" "curl"'
)


class Objects:
    """As `bonkei.services.endpoint.looking.Looking`: by bucket and key, with the time of each."""

    def __init__(self, buckets: Mapping[str, Mapping[str, tuple[float, bytes]]]) -> None:
        self._buckets = buckets

    async def objects(self, bucket: str, prefix: str = "", following: str = "") -> Listing:
        """One object or folder a page."""
        if bucket not in self._buckets:
            raise AwsServiceError("NoSuchBucket", "the bucket does not exist")
        own = self._buckets[bucket].items()
        below = {key: at for key, (at, _) in own if key.startswith(prefix)}
        parts = {key: key[len(prefix) :].partition("/")[1] for key in below}
        folders = {
            prefix + key[len(prefix) :].partition("/")[0] + "/" for key in below if parts[key]
        }
        entries = [*sorted(folders), *(key for key in below if not parts[key])]
        at = int(following or 0)
        rest = str(at + 1) if at + 1 < len(entries) else ""
        if entries[at] in folders:
            return Listing((), (entries[at],), rest)
        size = len(self._buckets[bucket][entries[at]][1])
        return Listing((StoredObject(entries[at], size, stamp(below[entries[at]])),), (), rest)

    async def beginning(self, bucket: str, key: str, most: int) -> Beginning:
        data = self._buckets[bucket][key][1]
        return Beginning(data[:most], len(data), {})


def delivered(now: float) -> Looking:
    """Access logs of a load balancer, and what a program sends; and something else."""
    line = LINE.format(at=stamp(now - 7000))
    own = record("ERROR", "the till is broken", time=stamp(now - 3500))
    content = {
        "alb/2026/12/02/a.log.gz": (now - 6900, gzip.compress(f"{line}\n".encode())),
        "application/2026/12/02/b": (now - 3400, f"{own}\n{line}\n".encode()),
        "picture.png": (now, b"\x89PNG\0checkout"),
    }
    return cast(Looking, Objects({ACCESS: content}))


class Growing:
    """Where a test may write another log."""

    directory = Path()


def offer(console: Console, _done: Done, home: Path) -> None:
    now, bus = time.time(), Bus()
    Growing.directory = home / "logs"
    written(home / "logs", now)
    kept = cache(lambda: store(home / "groups", bus, now))
    looking = delivered(now)
    offer_logs(console, LogSources(home / "logs", kept, bus, lambda: looking, lambda: [ACCESS]))
