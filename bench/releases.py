"""Releases by the program pipeline, good and broken ones, while visitors read all the time.

    python -m bench.releases --only "500s, frontend" --rate 30
    python -m bench.releases --only "good, both" --kill Deploy
    python -m bench.releases --only "500s" --superseded
    python -m bench.releases --only "dies" --strategy BLUE_GREEN --rate 200

A row is a release; it is a commit, in a miniature of its own. The visitors come through CloudFront,
the firewall and the load balancer, half to the page, half to the API, and count whatever is not a
200. Executions of this pipeline queue; only `--superseded` lets a later one overtake.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import broken
from bench.drill import NAME, Drill, Visitors
from bench.start import clone

_DEPLOYMENT = '{ strategy = "%s", bake_minutes = 1, step_minutes = 1 }'
_STAGES = ("Build", "Migrate", "Deploy", "Verify")


@dataclass(frozen=True, slots=True)
class Release:
    """`change` of the clone before the commit; `back_to`: an earlier row's commit instead.
    `fails`: the action in which it has to. `while_rings`: an alarm that visitors of `path` have
    made ring before it begins."""

    name: str
    change: broken.Change = lambda _: None
    back_to: str = ""
    fails: str = ""
    while_rings: str = ""
    path: str = ""


def _of_programs() -> list[Release]:
    return [
        Release(f"{kind}, {who}", broken.in_each(how, programs), fails=_fails(kind))
        for kind, how in broken.BREAKS.items()
        for who, programs in (
            ("backend", ("backend",)), ("frontend", ("frontend",)), ("both", broken.PROGRAMS)
        )
    ]  # fmt: skip


def _fails(kind: str) -> str:
    return "" if kind in ("good", "slow start") else "Deploy"


_OTHER_PAGE = "a page that Deploy does not ask for fails"
RELEASES = (
    *_of_programs(),
    Release("migration fails", broken.migration("0004", "0003", "SELECT nothing"), fails="Migrate"),
    Release("a private key in the image", broken.secret, fails="Build"),
    Release(
        "a migration", broken.migration("0004", "0003", "CREATE TABLE bench (id integer)")
    ),
    Release("back, past the migration", back_to="good, frontend"),
    Release(_OTHER_PAGE, broken.errors_of_history),
    Release(
        "back, while an alarm rings", back_to="good, frontend",
        while_rings=f"{NAME}-frontend-5xx", path="/history",
    ),
)  # fmt: skip
_NEEDS = {
    "back, past the migration": ("good, frontend", "a migration"),
    "back, while an alarm rings": ("good, frontend", _OTHER_PAGE),
}


def main(arguments: Sequence[str]) -> None:
    """Print a row for each release, and what the visitors have seen."""
    parser = argparse.ArgumentParser(prog="python -m bench.releases")
    parser.add_argument("--only", default="", metavar="PATTERN", help="rows whose name has it")
    parser.add_argument("--rate", type=float, default=30.0, help="requests a second; 0: at rest")
    parser.add_argument(
        "--strategy",
        choices=("ROLLING", "BLUE_GREEN", "CANARY", "LINEAR"),
        default="ROLLING",
        help="how the services are deployed; steps and bake last a minute",
    )
    among = parser.add_mutually_exclusive_group()
    among.add_argument("--queued", action="store_true", help="each right behind a good release")
    among.add_argument(
        "--superseded", action="store_true", help="each between two good ones; the pipeline's mode"
    )
    among.add_argument(
        "--kill", choices=_STAGES, nargs="+", default=(),
        help="SIGKILL the miniature in this action; then release the same again",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    found = [release for release in RELEASES if re.search(options.only, release.name)]
    if not found:
        names = "\n  ".join(release.name for release in RELEASES)
        parser.error(f"no row has {options.only!r}:\n  {names}")
    needed = {name for release in found for name in _NEEDS.get(release.name, ())}
    rows = [release for release in RELEASES if release in found or release.name in needed]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        drill = Drill(
            clone(scratch), scratch / "home",
            superseding=options.superseded, deployment=_DEPLOYMENT % options.strategy,
        )  # fmt: skip
        started = drill.bonkei("up", "--detach")
        if "Ready after" not in started.stdout:
            sys.exit(f"error: {started.stdout}{started.stderr}")
        try:
            asyncio.run(_measure(drill, rows, options))
        finally:
            drill.bonkei("down")
            drill.bonkei("reset", "--yes")


async def _measure(drill: Drill, rows: Sequence[Release], options: argparse.Namespace) -> None:
    visitors, commits = Visitors(), dict[str, str]()
    print("| release | stages | in all | ends in | requests | failed |\n|---|---|---|---|---|---|")
    async with _reading(visitors, drill.site, rate=options.rate):
        for row in rows:
            for stage in _reached(row, options.kill):
                made = await _commit(drill, row, commits)
                await asyncio.to_thread(_killed, drill, made, stage, visitors)
            seen, failed = len(visitors.milliseconds), len(visitors.failures)
            found, seconds = await _release(drill, row, commits, options)
            requests, lost = len(visitors.milliseconds) - seen, visitors.failures[failed:]
            stages = ", ".join(f"{a['action']} {a['seconds']:.0f} s" for a in found["actions"])
            print(
                f"| {row.name} | {stages} | {seconds:.0f} s | {end(found)} | {requests:,} | "
                f"{len(lost)} |",
                flush=True,
            )
            _explain(row, found, lost, options)
    if times := sorted(visitors.milliseconds):
        print(
            f"\n{len(times):,} requests, {len(visitors.failures)} failed; median "
            f"{statistics.median(times):.1f} ms, p99 {times[len(times) * 99 // 100]:.0f} ms, "
            f"longest {times[-1]:.0f} ms"
        )


def _reached(row: Release, stages: Sequence[str]) -> list[str]:
    last = _STAGES.index(row.fails) if row.fails else len(_STAGES)
    return [stage for stage in stages if _STAGES.index(stage) <= last]


def _explain(
    row: Release, found: Mapping[str, Any], lost: Sequence[str], options: argparse.Namespace
) -> None:
    for each in lost[:3]:
        print(f"failed: {each}", flush=True)
    if row.fails:
        print(f"said: {found['summary']}", flush=True)
    expected = f"{row.fails} fails" if row.fails else "success"
    # What fails before the others overtake it fails.
    if options.superseded and row.fails in ("", "Deploy"):
        expected = "superseded"
    if end(found) != expected:
        print(f"error: {row.name} was to end otherwise: {found['summary']}", flush=True)


async def _commit(drill: Drill, row: Release, commits: dict[str, str]) -> str:
    """The row's commit; the same one the second time."""
    known = commits.get(row.back_to or row.name, "")
    made = known or await asyncio.to_thread(drill.commit, row.change, row.name)
    commits[row.name] = made
    return made


async def _release(
    drill: Drill, row: Release, commits: dict[str, str], options: argparse.Namespace
) -> tuple[Mapping[str, Any], float]:
    """What became of it, and how long it took."""
    made = await _commit(drill, row, commits)
    others = Visitors()
    async with _reading(others, drill.site, (row.path,), 5.0 if row.path else 0.0):
        if row.while_rings:
            await asyncio.to_thread(drill.until, lambda: drill.rings(row.while_rings))
        return await asyncio.to_thread(_follow, drill, made, row, options)


def _follow(
    drill: Drill, commit: str, row: Release, options: argparse.Namespace
) -> tuple[Mapping[str, Any], float]:
    if options.queued or options.superseded:
        before = drill.release(drill.commit(broken.well("backend"), "before"), "--detach")
        if options.superseded:
            return _superseded(drill, str(before["execution"]), commit)
    began = time.monotonic()
    found = drill.release(commit)
    if row.while_rings:
        print(f"{row.while_rings} rang when {row.name!r} began", flush=True)
    return found, time.monotonic() - began


def _superseded(drill: Drill, before: str, commit: str) -> tuple[Mapping[str, Any], float]:
    """The row waits for Deploy, which the one before it has, when another one overtakes it."""
    drill.reach(before, "Deploy")
    began = time.monotonic()
    run = drill.release(commit, "--detach")["execution"]
    drill.reach(run, "Build")
    after = drill.release(drill.commit(broken.well("frontend"), "after"))
    found = drill.ended(run)
    print(f"before: {drill.state(before)}, after: {after['status']}; {drill.runs()}", flush=True)
    return found, time.monotonic() - began


def _killed(drill: Drill, commit: str, stage: str, visitors: Visitors) -> None:
    """What becomes of a release during which the miniature is killed, and of its visitors. While
    it is down it serves none, whatever is released."""
    run = drill.release(commit, "--detach")["execution"]
    drill.reach(run, stage)
    time.sleep(3.0)  # its build has begun
    seen, failed = len(visitors.milliseconds), len(visitors.failures)
    began = time.monotonic()
    drill.kill()
    time.sleep(1.0)  # CloudFront keeps an error for so long
    visitors.forget(seen, failed)
    found = drill.ended(run)
    print(
        f"killed in {stage}: {end(found)} {time.monotonic() - began:.0f} s later; "
        f"{len(visitors.failures) - failed} failed; {drill.runs()}; {found['summary']}",
        flush=True,
    )
    for each in visitors.failures[failed : failed + 3]:
        print(f"failed: {each}", flush=True)


def end(found: Mapping[str, Any]) -> str:
    """Where a release ended, in the words of the table."""
    if found["status"] in ("Succeeded", "Superseded"):
        return "success" if found["status"] == "Succeeded" else "superseded"
    failed = next(each for each in found["actions"] if each["status"] == "Failed")
    # The actions of Build are named for the programs.
    part = failed["action"] if failed["action"] in _STAGES else failed["stage"]
    return f"{part} fails"


@contextlib.asynccontextmanager
async def _reading(
    visitors: Visitors,
    site: str,
    paths: Sequence[str] = ("/", "/api/v1/readiness"),
    rate: float = 0.0,
) -> AsyncIterator[None]:
    """Visitors read meanwhile; at rest none comes."""
    reading = asyncio.create_task(visitors.read(site, paths, rate)) if rate else None
    try:
        yield
    finally:
        if reading is not None:
            reading.cancel()
            await asyncio.wait([reading])


if __name__ == "__main__":
    main(sys.argv[1:])
