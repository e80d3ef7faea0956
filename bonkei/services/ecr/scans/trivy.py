"""The real Trivy on the files of one image.

It gets a folder of its own, none of the user's keys, one processor and a quarter of an hour. Its
database of vulnerabilities is the one that bonkei.toml names, or else the one that Trivy downloads.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bonkei.services.ecr.running import Outcome, Runner
from bonkei.services.ecr.scans.report import read_report
from bonkei.services.ecr.scans.values import Scan, ScanError

_OPTIONS = (
    "--scanners", "vuln", "--pkg-types", "os", "--format", "json", "--no-progress",
    "--skip-java-db-update", "--offline-scan", "--skip-version-check", "--disable-telemetry",
)  # fmt: skip
_PATIENCE = 900.0  # seconds, with the download of the database
_REPORT = 128 * 1024 * 1024  # bytes
_MEMORY = "768MiB"
"""Where Go's runtime begins to free memory; the database is mapped, and does not count."""
_KEPT = (
    "SSL_CERT_FILE", "SSL_CERT_DIR", "LANG", "TRIVY_DB_REPOSITORY",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
)  # fmt: skip
_PREFIX = re.compile(r"^\S+\t[A-Z]+\t(Fatal error\t)?")  # of a line of Trivy's log
_FILES = ("trivy.db", "metadata.json")
_REMEDY = (
    "To scan without the download, set [registry] trivy_database in bonkei.toml to a folder with "
    f"Trivy's database ({' and '.join(_FILES)}: the folder db of another machine's Trivy cache)."
)


@dataclass(frozen=True, slots=True)
class TrivySettings:
    """`command`: how Trivy's command line begins; it may raise BonkeiError. `home`: a folder for
    it alone. `ledger`: where its process is noted. `database`: the folder of a database."""

    command: Callable[[], Awaitable[Sequence[str]]]
    home: Path
    ledger: Path
    database: Path | None = None


class Trivy:
    """A Scanner. `stop` after the last scan."""

    def __init__(self, settings: TrivySettings) -> None:
        self._settings = settings
        self._runner = Runner(settings.ledger)

    def stop(self) -> None:
        self._runner.stop()

    async def scan(self, layout: Path) -> Scan:
        """See Scanner."""
        self._runner.start()
        cache = await asyncio.to_thread(self._prepare)
        report = layout.with_name("report.json")
        line = [*_nice(), *await self._settings.command(), "image", "--input", str(layout)]
        line += [*_OPTIONS, "--cache-dir", str(cache), "--output", str(report)]
        line += ["--skip-db-update"] if self._settings.database else []
        try:
            async with asyncio.timeout(_PATIENCE):
                outcome = await self._runner.run(line, self._environment(), self._settings.home)
        except TimeoutError:
            raise ScanError(f"Trivy was not done after {_PATIENCE / 60:.0f} minutes") from None
        if outcome.code:
            raise _failure(outcome)
        scan = await asyncio.to_thread(_read, report)
        return replace(scan, source_updated_at=_updated_at(cache / "db" / "metadata.json"))

    def _prepare(self) -> Path:
        """Trivy's cache, with the database that bonkei.toml names."""
        cache, given = self._settings.home / "cache", self._settings.database
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = cache / "db"
        if place.is_symlink():
            place.unlink()
        if given is not None:
            if missing := [name for name in _FILES if not (given / name).is_file()]:
                raise ScanError(
                    f"[registry] trivy_database: {given} has no {missing[0]}. Name the folder db "
                    "of a Trivy cache, or leave the setting out: then Trivy downloads its database."
                )
            shutil.rmtree(place, ignore_errors=True)
            place.symlink_to(given, target_is_directory=True)
        return cache

    def _environment(self) -> Mapping[str, str]:
        home = self._settings.home
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "TMPDIR": str(home),
            "GOMAXPROCS": "1",
            "GOMEMLIMIT": _MEMORY,
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
        }


def _nice() -> tuple[str, ...]:
    program = shutil.which("nice")
    return (program, "-n", "10") if program else ()


def _failure(outcome: Outcome) -> ScanError:
    said = " ".join(outcome.said)
    reason = _PREFIX.sub("", outcome.said[-1]) if outcome.said else ""
    if "vulnerability DB" in said or "DB error" in said:
        return ScanError(f"Trivy's database of vulnerabilities cannot be had: {reason}. {_REMEDY}")
    return ScanError(f"Trivy failed with exit code {outcome.code}: {reason}")


def _read(report: Path) -> Scan:
    try:
        if report.stat().st_size > _REPORT:
            raise ScanError(f"Trivy's report has more than {_REPORT >> 20} MiB")
        return read_report(report.read_bytes())
    except OSError as error:
        raise ScanError(f"Trivy has left no report: {error.strerror}") from None


def _updated_at(file: Path) -> float:
    """The date in the database; 0 if it has none."""
    try:
        found = json.loads(file.read_bytes())["UpdatedAt"]
        return datetime.fromisoformat(found).timestamp()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0.0
