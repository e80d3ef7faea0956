"""The automated backups of a server: base copies, and its write-ahead log since.

No program archives. The server keeps its newest log itself (`KEPT`), and a new base is taken when
half of that is written, so an idle server costs nothing and the disk is bounded: the log, and at
most `_MOST` bases. A restored cluster is a copy of a base that replays the log up to a moment.
Source: "Continuous Archiving and Point-in-Time Recovery" (PostgreSQL).
"""

from __future__ import annotations

import math
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bonkei.base.folders import changed_at, entries, matching
from bonkei.services.rds.connection import ADMIN
from bonkei.services.rds.errors import DatabaseError
from bonkei.services.rds.files import ClusterFiles, last_lines
from bonkei.services.rds.parameters import KEPT_SEGMENTS
from bonkei.services.rds.server import Server

_MOST = 3
_SEGMENT = re.compile(r"[0-9A-F]{24}")
_BASE = re.compile(r"([0-9A-F]{24})-(\d+)")
_START = re.compile(r"^START WAL LOCATION: .*\(file ([0-9A-F]{24})\)", re.MULTILINE)
_TARGET = "recovery_target_time"
_ENDED_EARLY = "recovery ended before configured recovery target was reached"
_SETTINGS = "postgresql.auto.conf"  # RDS has no ALTER SYSTEM, so it is empty otherwise


@dataclass(frozen=True, slots=True)
class _Base:
    """`segment`: where its log begins. `taken`: from this second on, it can be restored."""

    path: Path
    segment: str
    taken: int


class Backups:
    """Those of the cluster in `files`. Methods block."""

    def __init__(self, files: ClusterFiles) -> None:
        self._files = files
        self._root = files.directory / "backups"
        self._log = files.data / "pg_wal"

    @property
    def earliest(self) -> int | None:
        """The first second that can be restored; None before the first base."""
        return min((base.taken for base in self._bases()), default=None)

    def keep(self) -> None:
        """Take a base if there is none, or if much was written since. The server runs. Raises
        DatabaseError."""
        bases = [*self._bases()]
        newest = max(bases, key=lambda base: base.taken, default=None)
        if newest and len(self._segments(newest.segment)) <= KEPT_SEGMENTS // 2:
            return
        draft = self._files.subfolder(self._root) / f".{time.time_ns()}"
        copy_server(self._files, draft, "none")
        start = _START.search((draft / "backup_label").read_text(encoding="utf-8"))
        draft.rename(self._root / f"{start[1] if start else ''}-{math.ceil(time.time())}")
        kept = sorted(self._bases(), key=lambda base: base.taken)[-_MOST:]
        for other in {*entries(self._root)} - {base.path for base in kept}:
            shutil.rmtree(other, ignore_errors=True)

    def restore(self, to: ClusterFiles, moment: float | None) -> None:
        """Make the files of another cluster, which replays the log up to `moment` when it starts,
        or all of it. Raises DatabaseError."""
        before = [base for base in self._bases() if moment is None or base.taken <= moment]
        if not before:
            raise DatabaseError(f"no backup of {self._files.spec.identifier} is that old")
        base = max(before, key=lambda one: one.taken)
        limit = "" if moment is None else f"{_TARGET} = '{datetime.fromtimestamp(moment, UTC)}'\n"
        settings = f"restore_command = 'false'\nhot_standby = off\n{limit}"
        with to.draft(self._files.directory) as draft:
            shutil.copytree(base.path, draft, dirs_exist_ok=True)
            for file in (*matching(self._log, "*.history"), *self._segments(base.segment)):
                shutil.copy(file, draft / "pg_wal")
            (draft / _SETTINGS).write_text(f"{settings}recovery_target_action = promote\n")
            (draft / "recovery.signal").touch()

    def _bases(self) -> Iterator[_Base]:
        """Those whose log is still there."""
        for path in entries(self._root):
            found = _BASE.fullmatch(path.name)
            if found and (self._log / found[1]).exists():
                yield _Base(path, found[1], int(found[2]))

    def _segments(self, first: str) -> list[Path]:
        """From there to the newest one that is written to. Later ones are only prepared."""
        files = [file for file in entries(self._log) if _SEGMENT.fullmatch(file.name)]
        newest = max(files, key=changed_at)
        wanted = range(_number(first), _number(newest.name) + 1)
        return [file for file in files if _number(file.name) in wanted]


def copy_server(files: ClusterFiles, to: Path, log: str) -> None:
    """A copy of a running server's files. `log`: `none`, or `fetch` for one that needs no other."""
    spec = files.spec
    result = files.run(
        "pg_basebackup", "-D", str(to), "-X", log, "-c", "fast", "--no-manifest",
        "-h", str(spec.sockets or spec.host), "-p", str(spec.port), "-U", ADMIN, "-w",
        PGPASSWORD=files.admin.password,
    )  # fmt: skip
    if result.returncode != 0:
        shutil.rmtree(to, ignore_errors=True)
        raise DatabaseError(
            f"{spec.identifier} cannot be copied: {last_lines(result.stderr)}",
            remedy="check that the disk has space",
        )


async def start_recovered(server: Server) -> None:
    """Start; a restored cluster replays its log first. PostgreSQL refuses a moment after which
    nothing was written. Then all of the log is before it."""
    try:
        await server.start()
    except DatabaseError as error:
        if _ENDED_EARLY not in error.message:
            raise
        file = server.files.data / _SETTINGS
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.startswith(_TARGET)))
        await server.launch()


def _number(segment: str) -> int:
    """Its place in the log, on whatever timeline. There are 256 of 16 MiB in a file number."""
    return int(segment[8:16], 16) * 256 + int(segment[16:], 16)
