"""Builds that misbehave leave no process, and other builds do not notice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from builds import ROOT, Rig, log, spec, statuses

from bonkei.base.processes import Keeper
from bonkei.services.codebuild.running.confinement import Confinement
from bonkei.services.codebuild.running.machine import Machine
from bonkei.services.codebuild.values import BuildInput, BuildOutput, BuildRequest


def left(mark: str) -> list[int]:
    """The processes in any namespace with this word in their command line."""
    running = psutil.process_iter(["cmdline"])
    return [each.pid for each in running if mark in (each.info["cmdline"] or ())]


def mark() -> str:
    """A number of seconds that no other test sleeps for."""
    return f"{100_000 + os.getpid()}.{time.monotonic_ns() % 1_000_000}"


STUBBORN = (
    'trap "" TERM INT HUP; for n in 1 2 3; do (trap "" TERM; setsid sleep {0} &) ; done; '
    "nohup setsid sh -c 'trap \"\" TERM; sleep {0}' >/dev/null 2>&1 & sleep 0.2; echo forked"
)


async def test_a_build_that_forks_and_ignores_sigterm_leaves_nothing(rig: Rig) -> None:
    word = mark()
    result = await rig.run(spec(STUBBORN.format(word)))
    assert result.status == "SUCCEEDED", log(result)
    assert left(word) == []


async def test_a_build_that_forks_leaves_nothing_without_namespaces_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path, may_write_outside=True)
    monkeypatch.setattr(rig.builds, "confinement", lambda: Confinement("there are none"))
    rig.builds.start()
    word = mark()
    result = await rig.run(spec(STUBBORN.format(word)))
    await rig.builds.stop()
    assert result.status == "SUCCEEDED", log(result)
    assert left(word) == []


async def test_a_build_that_never_ends_times_out(tmp_path: Path) -> None:
    """The status is `TIMED_OUT`, with CodeBuild's code."""
    rig = Rig(tmp_path, minute=1.6)  # it has begun by then, also on a busy machine
    rig.builds.start()
    word = mark()
    rig.project(spec("echo begun", f"trap '' TERM; sleep {word}"), timeout=5)
    result = await rig.run()
    await rig.builds.stop()
    assert result.status == "TIMED_OUT"
    assert statuses(result)["BUILD"] == "TIMED_OUT"
    assert "BUILD: BUILD_TIMED_OUT: Build has timed out." in result.error
    assert "POST_BUILD" not in statuses(result)
    assert "\nbegun\n" in log(result)
    assert left(word) == []


async def test_stop_build_stops_it(rig: Rig) -> None:
    word = mark()
    rig.project(spec(STUBBORN.format(word), f"sleep {word}"))
    inputs = (BuildInput("Source", folder=rig.source),)
    build = rig.builds.submit(BuildRequest("app", inputs=inputs))
    lines: list[str] = []
    rig.builds.follow(build.id, lines.append)
    async with asyncio.timeout(60):
        while "forked" not in lines:
            await asyncio.sleep(0.02)
    stopped = await rig.builds.stop_build(build.id)
    assert stopped.status == "STOPPED"
    assert stopped.phases[-3].name == "BUILD"
    assert stopped.phases[-3].status == "STOPPED"
    assert left(word) == []
    # A second stop changes nothing.
    assert await rig.builds.stop_build(build.id) == stopped


async def test_a_build_that_fills_the_disk_is_ended(tmp_path: Path) -> None:
    rig = Rig(tmp_path, disk=30_000_000)
    rig.builds.start()
    result = await rig.run(
        spec("while true; do head -c 1000000 /dev/zero >>/tmp/fill; sleep 0.005; done")
    )
    await rig.builds.stop()
    assert result.status == "FAILED"
    assert "MB; it may write 30 MB" in result.error
    assert list((tmp_path / "builds" / "runs").iterdir()) == []


async def test_a_build_with_too_many_processes_is_ended(tmp_path: Path) -> None:
    rig = Rig(tmp_path, processes=50)
    rig.builds.start()
    word = mark()
    result = await rig.run(spec(f"for n in $(seq 100); do sleep {word} & done; wait"))
    await rig.builds.stop()
    assert result.status == "FAILED"
    assert "processes; it may have 50" in result.error
    assert left(word) == []


async def test_an_output_of_100_mb_is_bounded_and_its_end_is_kept(rig: Rig) -> None:
    longest = 0.0

    async def beside() -> None:
        nonlocal longest
        while True:
            before = time.process_time()  # the build's own: others use the machine, too
            await asyncio.sleep(0.005)
            longest = max(longest, time.process_time() - before)

    other = asyncio.create_task(beside())
    result = await rig.run(
        spec("yes 0123456789012345678901234567890123456789 | head -c 100000000", "echo the end")
    )
    other.cancel()
    assert result.status == "SUCCEEDED"
    assert 30_000_000 < result.log.stat().st_size < 34_000_000
    said = log(result)
    assert "The log keeps 32 MB" in said
    assert "\nthe end\n" in said
    assert longest < 1.0, longest  # the event loop went on for others
    total = sum(len(text) for *_, text in rig.world.lines.events)
    assert total < 34_000_000


async def test_empty_lines_are_bounded_and_leave_the_event_loop_to_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.services.codebuild.running.log.LINES", 200_000, raising=False)
    longest = 0.0

    async def beside() -> None:
        nonlocal longest
        while True:
            before = time.process_time()
            await asyncio.sleep(0.005)
            longest = max(longest, time.process_time() - before)

    other = asyncio.create_task(beside())
    result = await rig.run(spec("yes '' | head -c 3000000", "echo the end"))
    other.cancel()
    assert result.status == "SUCCEEDED"
    said = log(result)
    assert 190_000 < said.count("\n") < 300_000
    assert "\nthe end\n" in said
    assert longest < 0.8, longest


async def test_a_machine_ends_although_who_stops_it_is_cancelled(tmp_path: Path) -> None:
    """As when a build breaks a limit and ends by itself at that moment."""
    keeper = Keeper(tmp_path / "processes")
    keeper.start()
    machine = Machine(tmp_path, keeper, lambda _: None)
    await machine.start(None)
    pid = machine.pids[0]
    first = asyncio.create_task(machine.stop())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await machine.stop()
    assert not psutil.pid_exists(pid)
    keeper.stop()


async def test_a_build_whose_log_cannot_be_kept_runs_to_its_end(rig: Rig) -> None:
    logs = rig.world.directory / "builds" / "logs"
    logs.rmdir()
    logs.write_text("in the way")
    said: list[str] = []
    rig.project(spec("echo said"))
    request = BuildRequest("app", inputs=(BuildInput("Source", folder=rig.source),))
    async with asyncio.timeout(60):
        build = rig.builds.submit(request)
        rig.builds.follow(build.id, said.append)
        result = await rig.builds.wait(build.id)
    assert result.status == "SUCCEEDED"
    assert "said" in said


async def test_a_machine_that_is_cancelled_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "processes")
    keeper.start()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for turns in range(6):
        machine = Machine(tmp_path, keeper, lambda _: None)
        starting = asyncio.create_task(machine.start(None))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await machine.stop()
    # Less, where something of another test is closed meanwhile.
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    keeper.stop()


async def test_a_machine_that_is_cancelled_just_as_it_is_ready_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has cancelled it waits for its end: without one, the build would go on, and that wait."""
    keeper = Keeper(tmp_path / "processes")
    keeper.start()
    machine = Machine(tmp_path, keeper, lambda _: None)
    answer = machine._answer

    async def is_ready() -> object:
        found = await answer()
        starting.cancel()
        return found

    monkeypatch.setattr(machine, "_answer", is_ready)
    starting = asyncio.create_task(machine.start(None))
    await asyncio.wait({starting})
    await machine.stop()
    keeper.stop()
    assert starting.cancelled()


async def test_an_endless_line_and_bytes_that_are_not_text(rig: Rig) -> None:
    result = await rig.run(spec("head -c 1000000 /dev/zero | tr '\\0' x; printf '\\n\\377\\376'"))
    assert result.status == "SUCCEEDED"
    assert max(len(line) for line in log(result).splitlines()) <= 200_000
    assert "\ufffd\ufffd" in log(result)


async def test_a_build_that_kills_its_own_agent_fails(rig: Rig) -> None:
    result = await rig.run(spec("kill -9 1; kill -9 $PPID; sleep 0.2", "echo not reached"))
    assert result.status in ("FAILED", "SUCCEEDED")  # process 1 of a namespace cannot be killed
    if result.status == "FAILED":
        assert "ended from outside" in result.error


_MINIATURE = """
import asyncio, sys
sys.path[:0] = [{root!r}, {support!r}]
from pathlib import Path
from builds import Rig, spec
async def main():
    rig = Rig(Path({home!r}))
    rig.builds.start()
    await rig.run(spec({command!r}, "sleep {word}"), )
asyncio.run(main())
"""


async def test_a_killed_miniature_leaves_no_process_and_reports_the_build_later(
    tmp_path: Path,
) -> None:
    word = mark()
    program = _MINIATURE.format(
        root=str(ROOT), support=str(ROOT / "tests" / "support"), home=str(tmp_path),
        command=STUBBORN.format(word), word=word,
    )  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    async with asyncio.timeout(60):
        while len(left(word)) < 4:
            await asyncio.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    async with asyncio.timeout(60):
        while left(word):
            await asyncio.sleep(0.05)
    rig = Rig(tmp_path)
    rig.builds.start()
    (build,) = rig.builds.builds
    assert build.status == "FAULT"
    assert "the miniature has ended" in build.error
    assert (await rig.builds.wait(build.id)).status == "FAULT"
    assert not (tmp_path / "builds" / "runs").exists()
    await rig.builds.stop()


@pytest.mark.parametrize("where", ["identity", "parameter", "put", "ground"])
async def test_a_build_ends_although_something_beside_it_fails(
    rig: Rig, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    word = mark()
    given = rig.world.surroundings()
    if where == "put":
        monkeypatch.setattr(rig.world.bucket, "put", fail)
    elif where == "ground":
        monkeypatch.setattr(rig.builds, "confinement", fail)
    else:
        given = replace(given, **{where: fail})
    rig.builds._given = given
    text = spec(f"sleep {word} & touch a", more="artifacts:\n  files: [a]\n")
    text = text.replace("  shell: bash\n", "  shell: bash\n  parameter-store: {P: /known}\n")
    result = await rig.run(text, outputs=(BuildOutput("O", "b", "k"),))
    assert result.status == "FAULT"
    assert "INTERNAL_SERVICE_ERROR: RuntimeError: a fault of ours" in result.error
    assert left(word) == []
    runs = rig.world.directory / "builds" / "runs"
    assert not runs.exists() or list(runs.iterdir()) == []
