"""Delivers the logs of database clusters to their log groups, as RDS does.

The reader's position is stored after the log group has taken the events. If the supervisor is
killed in between, these events are delivered twice, but none is lost.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bonkei.base import kept
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.services.logs.awslogs.batches import whole_batches
from bonkei.services.logs.delivery.cut import Place, read_after
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.limits import InputEvent
from bonkei.services.logs.store.log_store import LogStore

LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Export:
    """A file, and its stream."""

    path: Path
    group: str
    stream: str


def exports_of(clusters: Sequence[DatabaseCluster], logs: Path) -> tuple[Export, ...]:
    """The logs that `enabled_cloudwatch_logs_exports` of the clusters name. `logs`: the directory
    of logs in the home.

    Names as in RDS: "Publishing Aurora PostgreSQL logs to Amazon CloudWatch Logs".
    """
    return tuple(
        Export(
            logs / cluster.identifier / "postgresql.log",
            f"/aws/rds/{_kind(cluster)}/{cluster.identifier}/postgresql",
            f"{cluster.instances[0].identifier if cluster.instances else cluster.identifier}.0",
        )
        for cluster in clusters
        if "postgresql" in cluster.log_exports
    )


def _kind(cluster: DatabaseCluster) -> str:
    return "instance" if ":db:" in cluster.arn else "cluster"


class Exports:
    """Call `follow` with the clusters of each blueprint. Looks at the files once a second until
    `stop`."""

    def __init__(self, store: LogStore, state: Path, report: Callable[[str], None]) -> None:
        self._store = store
        self._state = state
        self._report = report
        self._exports: tuple[Export, ...] = ()
        self._places = _read(state)
        self._task: asyncio.Task[None] | None = None
        self._said = ""

    def follow(self, exports: tuple[Export, ...]) -> None:
        self._exports = exports
        if exports and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Call this after the servers have stopped, so that their last lines are delivered, too."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with suppress(LogsError, OSError):
            while self.bring():
                pass

    def bring(self) -> bool:
        """Send the new lines of the files. True if more lines wait. Raises LogsError and
        OSError."""
        more = False
        for export in self._exports:
            key = str(export.path)
            place = self._places.get(key, Place())
            found = read_after(export.path, place)
            if found.piece.lines:
                self._put(export, found.piece.lines)
            if found.is_lost:
                self._report(
                    f"lines of the database's log may be MISSING in {export.group}: twice it was "
                    f"too large and began anew, before {export.path.name}.1 was brought there"
                )
            if found.place != place:
                self._places[key] = found.place
                _write(self._state, self._places)
            more = more or found.piece.more
        return more

    def _put(self, export: Export, lines: Sequence[str]) -> None:
        store = self._store
        if not store.has_group(export.group):  # RDS creates it, and never expires it
            store.create_group(GroupDocument(export.group, store.now))
        if export.stream not in store.group(export.group).streams:
            store.create_stream(export.group, export.stream)
        for batch in whole_batches(postgresql_events(lines, store.now)):
            store.put(export.group, export.stream, batch)

    async def _run(self) -> None:
        while True:
            more = False
            try:
                more = self.bring()
                self._said = ""
            except (LogsError, OSError) as error:
                if str(error) != self._said:
                    self._said = str(error)
                    self._report(f"the database's log is not brought to its log group: {error}")
            await asyncio.sleep(0 if more else LOOK_SECONDS)


def _read(state: Path) -> dict[str, Place]:
    """An earlier version wrote the offsets only."""
    try:
        found = kept.parsed(state.read_bytes())
    except (OSError, ValueError):
        return {}
    return {
        str(path): Place(**place) if isinstance(place, dict) else Place(int(place))
        for path, place in found.items()
    }


def _write(state: Path, places: Mapping[str, Place]) -> None:
    kept.write_json(state, {path: asdict(place) for path, place in places.items()}, synced=False)


_BEGINS = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:")


def postgresql_events(lines: Iterable[str], now: int) -> list[InputEvent]:
    """PostgreSQL's lines as events.

    A record begins with the time of the prefix `%t:%r:%u@%d:[%p]:`, and continues in lines that
    begin with a tab. Source: "Publishing Aurora PostgreSQL logs to Amazon CloudWatch Logs"
    (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide).

    In the order of the file, which is nearly the order of time. `now` (milliseconds) is the time
    of lines without a time. A crashing process writes such lines.
    """
    found: list[InputEvent] = []
    for line in lines:
        begins = _BEGINS.match(line)
        if begins is not None:
            found.append((_milliseconds(begins[1]), line))
        elif line.startswith("\t") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
        elif line:
            found.append((found[-1][0] if found else now, line))
    return found


def _milliseconds(text: str) -> int:
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000
