"""Releases by the program pipeline, good and broken ones, while visitors read all the time.

A miniature of this repository's last commit, in a folder of its own. Each release is a commit. The
visitors send 200 requests a second through CloudFront, the firewall and the load balancer, half to
the page, half to the API, and count whatever is not a 200.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.start import clone
from tests.support.ports import free_port

_PIPELINE = "statuspage-development-pipeline-program"
_RATE = 200  # requests a second
_WHO = {
    f"GIT_{one}_{what}": "bench" for one in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
_MAIN = "program/frontend/frontend/__main__.py"
_VERSIONS = "program/backend/backend/migrations/versions"
_MIGRATION = '''"""Made by the bench."""

from alembic import op

revision, down_revision = "{number}", "{before}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.execute("{statement}")
'''
_DIES = "import os, threading\nthreading.Timer(10, os._exit, (3,)).start()\n"
# A key that opens nothing, in the form that scanners look for.
_KEY = "-----BEGIN {0} PRIVATE KEY-----\n{1}\n-----END {0} PRIVATE KEY-----\n"


@dataclass(frozen=True, slots=True)
class Release:
    """`change` of the clone before the commit; `commit`: an earlier release's name instead.
    `fails`: the stage in which it has to."""

    name: str
    change: Callable[[Path], None] = lambda _: None
    commit: str = ""
    fails: str = ""


def _title(text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        _append(folder / "program/frontend/frontend/templates/base.html", f"<!-- {text} -->\n")

    return change


def _migration(number: str, before: str, statement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = _MIGRATION.format(number=number, before=before, statement=statement)
        (folder / _VERSIONS / f"{number}_bench.py").write_text(text)

    return change


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def _before_all(folder: Path, text: str) -> None:
    file = folder / _MAIN
    head, mark, tail = file.read_text().partition("from __future__ import annotations\n")
    file.write_text(head + mark + text + tail)


def _secret(folder: Path) -> None:
    (folder / "program/frontend/frontend/id_rsa").write_text(
        _KEY.format("RSA", "MIIEow" + "A" * 600)
    )


_FIRST = "the first, a changed template"
RELEASES = (
    Release(_FIRST, _title("one")),
    Release("not importable", lambda to: _before_all(to, "import nothing\n"), fails="Deploy"),
    Release("ends after 10 s", lambda to: _before_all(to, _DIES), fails="Deploy"),
    Release("a migration fails", _migration("0004", "0003", "SELECT nothing"), fails="Migrate"),
    Release("a private key in the image", _secret, fails="Build"),
    Release("a migration", _migration("0004", "0003", "CREATE TABLE bench (id integer)")),
    Release("back, past the migration", commit=_FIRST),
)


@dataclass
class Visitors:
    """What they have seen so far."""

    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def read(
        self, site: str, paths: Sequence[str] = ("/", "/api/v1/readiness"), rate: float = _RATE
    ) -> None:
        """The paths in turn, until cancelled; requests in flight then end. A request begins when it
        is due, whatever the others do."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            due, number, going = time.monotonic(), 0, set[asyncio.Task[None]]()
            try:
                while True:
                    url = site + paths[number % len(paths)]
                    task = asyncio.create_task(self._one(session, url))
                    going.add(task)
                    task.add_done_callback(going.discard)
                    number, due = number + 1, due + 1 / rate
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
            finally:
                await asyncio.gather(*going)

    async def _one(self, session: aiohttp.ClientSession, url: str) -> None:
        began = time.monotonic()
        try:
            async with session.get(url) as answer:
                await answer.read()
                if answer.status != 200:
                    self.failures.append(f"{url}: {answer.status}")
        except (aiohttp.ClientError, OSError) as error:
            self.failures.append(f"{url}: {error!r}")
        self.milliseconds.append((time.monotonic() - began) * 1000)


class Drill:
    """A miniature in a folder of its own."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        shutil.rmtree(folder / "bonkei")  # the one that runs is this one
        self._commits: dict[str, str] = {}
        port = free_port()
        self.site = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ, **_WHO,
            "BONKEI_HOME": str(home), "BONKEI_EDGE_PORT": str(port),
            "BONKEI_ALB_PORT": str(free_port()), "BONKEI_CLOUD_PORT": str(free_port()),
            "BONKEI_CONSOLE_PORT": "0", "GIT_CONFIG_GLOBAL": os.devnull,
        }  # fmt: skip

    def bonkei(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, "-m", "bonkei", *words)

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self._environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def release(self, release: Release) -> Mapping[str, Any]:
        """A broken change is taken back after it."""
        before = self._run("git", "rev-parse", "HEAD").stdout.strip()
        if not release.commit:
            release.change(self.folder)
            self._run("git", "add", "-A")
            self._run("git", "commit", "-qm", release.name)
            self._commits[release.name] = self._run("git", "rev-parse", "HEAD").stdout.strip()
        commit = self._commits[release.commit or release.name]
        done = self.bonkei("pipeline", "run", _PIPELINE, "--json", "--commit", commit)
        if release.fails:
            self._run("git", "reset", "-q", "--hard", before)
        return dict(json.loads(done.stdout))


def main() -> None:
    """Print a row for each release, and what the visitors have seen."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        drill = Drill(clone(scratch), scratch / "home")
        started = drill.bonkei("up", "--detach")
        if "Ready after" not in started.stdout:
            sys.exit(f"error: {started.stdout}{started.stderr}")
        try:
            asyncio.run(_measure(drill))
        finally:
            drill.bonkei("down")
            drill.bonkei("reset", "--yes")


async def _measure(drill: Drill) -> None:
    visitors = Visitors()
    reading = asyncio.create_task(visitors.read(drill.site))
    print("| release | stages | in all | ends in | requests | failed |\n|---|---|---|---|---|---|")
    for release in RELEASES:
        seen, failed = len(visitors.milliseconds), len(visitors.failures)
        began = time.monotonic()
        found = await asyncio.to_thread(drill.release, release)
        seconds = time.monotonic() - began
        stages = ", ".join(f"{a['action']} {a['seconds']:.1f} s" for a in found["actions"])
        last = found["actions"][-1]
        end = "success" if found["status"] == "Succeeded" else f"{last['stage']} fails"
        requests = len(visitors.milliseconds) - seen
        lost = len(visitors.failures) - failed
        print(
            f"| {release.name} | {stages} | {seconds:.1f} s | {end} | {requests:,} | {lost} |",
            flush=True,
        )
        for each in visitors.failures[failed:][:3]:
            print(f"failed: {each}", flush=True)
        if end != (f"{release.fails} fails" if release.fails else "success"):
            print(f"error: {release.name} was to end otherwise: {found['summary']}", flush=True)
    reading.cancel()
    times = sorted(visitors.milliseconds)
    p99 = times[len(times) * 99 // 100]
    print(
        f"\n{len(times):,} requests, {len(visitors.failures)} failed; median "
        f"{statistics.median(times):.1f} ms, p99 {p99:.0f} ms, longest {times[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
