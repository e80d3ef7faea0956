"""Builds on disk: each has a record and a log. The oldest are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from bonkei.base import kept
from bonkei.base.folders import matching
from bonkei.services.codebuild.values import FAULT, Build, BuildPhase

_MOST = 300
_LOGS = 1_000_000_000  # bytes of all logs together


class Store:
    """`directory` is the service's own."""

    def __init__(self, directory: Path) -> None:
        self._records = directory / "records"
        self._logs = directory / "logs"
        self._reports = directory / "reports"
        for each in (self._records, self._logs):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)

    def log(self, build_id: str) -> Path:
        return self._logs / f"{_name(build_id)}.log"

    def write(self, build: Build) -> None:
        """Whole or not at all."""
        file = self._records / f"{_name(build.id)}.json"
        kept.write_json(file, asdict(build), default=str)

    def read(self) -> list[Build]:
        """All builds, the oldest first. A build that was running when the miniature ended is
        over. Raises DamagedError."""
        files, without = matching(self._records, "*.json"), "or remove it: the build is forgotten"
        load = partial(kept.load, Build)
        read = (_ended(one) for file in files if (one := kept.read_json(file, load, without)))
        return sorted(read, key=lambda build: (build.start, build.number))

    def forget(self, builds: list[Build]) -> list[Build]:
        """Remove the oldest builds beyond the limit, unless they run. Returns the others."""
        sizes = {build.id: _size(self.log(build.id)) for build in builds}
        kept: list[Build] = []
        total = 0
        for build in reversed(builds):
            total += sizes[build.id]
            if build.is_over and (len(kept) >= _MOST or (kept and total > _LOGS)):
                (self._records / f"{_name(build.id)}.json").unlink(missing_ok=True)
                self.log(build.id).unlink(missing_ok=True)
                (self._reports / f"{_name(build.id)}.zip").unlink(missing_ok=True)
            else:
                kept.append(build)
        return kept[::-1]


def _ended(build: Build) -> Build:
    if build.is_over:
        return build
    from dataclasses import replace  # noqa: PLC0415 - after a crash only

    *before, last = build.phases or (BuildPhase("SUBMITTED", start=build.start),)
    if not last.status:
        said = "the miniature has ended while the build ran"
        last = replace(
            last, status=FAULT, end=last.start, code="INTERNAL_SERVICE_ERROR", message=said
        )
    return replace(build, status=FAULT, end=last.end, phases=(*before, last))


def _name(build_id: str) -> str:
    """The unique part. A project's name may be long."""
    return build_id.rpartition(":")[2]


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def numbers(builds: list[Build]) -> Iterator[tuple[str, int]]:
    """The last number of each project."""
    for build in builds:
        yield build.request.project, build.number
