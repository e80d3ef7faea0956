"""A task of the working copy sees its own files and this machine's programs, and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from ports import free_port

from bonkei.base.events import Bus, Endpoint
from bonkei.base.processes import Keeper
from bonkei.base.processes.listening import Listener
from bonkei.base.processes.roots import enter_command, machine_root, why_not_confined
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.ecs import ContainerHealthCheck, RestartPolicy
from bonkei.services.ecs import Tasks, TaskSettings
from bonkei.services.ecs.execution.process import ProcessSpec
from bonkei.services.ecs.execution.visits import Visits
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

from .conftest import Edge, Program, blueprint, definition, steady, until, web_container

OBSTACLE = why_not_confined(Path("/tmp/roots"))  # noqa: S108
pytestmark = pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)
LOOK = """
    import json, os, socket, ssl, time

    def is_seen(path):
        try:
            if path.endswith(".sock"):
                socket.socket(socket.AF_UNIX).connect(path)
            elif os.path.isdir(path):
                os.listdir(path)
            else:
                open(path).close()
        except OSError:
            return False
        return True

    tried = json.loads(os.environ["TRIED"])
    print(json.dumps([path for path in tried if is_seen(path)]), flush=True)
    for file in ("/app/written", "/usr/bonkei-was-here", "/tmp/bonkei-was-here"):
        with open(file.replace("/app", os.getcwd()), "w") as opened:
            opened.write("x")
    print(socket.gethostbyname("localhost"), os.getuid(), open("/etc/passwd").read(4), flush=True)
    time.sleep(600)
"""


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that is not below /tmp: a task's own /tmp would hide everything there."""
    with tempfile.TemporaryDirectory(prefix="bonkei-home-", dir="/var/tmp") as made:
        yield Path(made)


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("place", ["project/web", "project"])
async def test_a_task_sees_nothing_that_is_not_its_own(
    elsewhere: Path, bus: Bus, logs: MemoryLogSink, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Also where the miniature's home is in the folder of the program; its health check, too."""
    (elsewhere / place).parent.mkdir(exist_ok=True)
    web = Program(elsewhere / place).write(LOOK)
    home, person = elsewhere / "project" / ".bonkei", elsewhere / "person"
    monkeypatch.setenv("HOME", str(person))
    files = [
        *(home / name for name in ("console/token", "logs/bonkei.log", "secrets/password")),
        *(home / name for name in ("cloud/state/s3.json", "terraform/terraform.tfstate")),
        *(person / name for name in (".aws/credentials", ".config/gh/hosts.yml", ".netrc")),
        elsewhere / "neighbour" / "key",
    ]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("key")
    manager = Tasks(bus, MemoryVault(), TaskSettings(home, {"web": web.directory}), logs=logs)
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(home / "control.sock"))
        control.listen()
        tried = [*files, home / "control.sock", "/etc/shadow", "/var/log", "/home", person, home]
        tried += [f"/proc/{os.getpid()}/{name}" for name in ("environ", "root/etc/shadow", "cwd")]
        check = f"test -s main.py && test -s /tmp/bonkei-was-here && ! cat {home}/console/token"
        container = web_container(
            environment=(("TRIED", json.dumps([*map(str, tried)])),),
            health_check=ContainerHealthCheck(("CMD-SHELL", check), 0.5, 5.0, 20, 0.0),
        )
        try:
            await manager.reconcile(blueprint(definition(container)))
            await until(lambda: len(logs.texts("web")) == 2)
            await steady(manager)
            await until(lambda: manager.snapshot().tasks[0].containers[0].health == "HEALTHY")
        finally:
            await asyncio.wait_for(manager.stop(), 60)
    seen, told = logs.texts("web")
    # Folders on the way to its own files are there, and have nothing else.
    assert {*json.loads(seen)} <= {"/home", "/var/log", str(home)}, seen
    assert told == f"127.0.0.1 {os.getuid()} root"
    assert (web.directory / "written").read_text() == "x"
    assert not Path("/usr/bonkei-was-here").exists()
    assert not Path("/tmp/bonkei-was-here").exists()  # noqa: S108
    assert [*(home / "tasks").iterdir()] == []


async def test_a_machine_that_cannot_says_so_and_runs_it(
    web: Program, bus: Bus, edge: Edge, logs: MemoryLogSink, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    trial = "bonkei.base.processes.roots.machine.why_not_confined"
    monkeypatch.setattr(trial, lambda _: "there are no namespaces")
    said: list[str] = []
    settings = TaskSettings(tmp_path / "home", {"web": web.directory}, progress=said.append)
    manager = Tasks(bus, MemoryVault(), settings, logs=logs)
    try:
        await manager.reconcile(blueprint(definition(web_container()), desired=2))
        await steady(manager)
    finally:
        await asyncio.wait_for(manager.stop(), 60)
    assert len(edge.events) > 0
    assert said == ["programs here may read what you may read: there are no namespaces"]


@pytest.fixture
async def beside(tmp_path: Path) -> AsyncIterator[ProcessSpec]:
    """What joins a process that has entered such a root."""
    path = os.environ["PATH"]
    root = machine_root(tmp_path / "scratch", path, writes=(tmp_path,), home=tmp_path / "home")
    entered = enter_command(root, str(tmp_path), ("sh", "-c", "touch entered; exec sleep 600"))
    process = await asyncio.create_subprocess_exec(*entered)
    await until((tmp_path / "entered").exists)
    yield ProcessSpec("web", (), tmp_path, {"PATH": path}, root, process.pid)
    process.kill()
    await process.wait()


@pytest.fixture
async def visits(tmp_path: Path) -> AsyncIterator[Visits]:
    keeper = Keeper(tmp_path / "processes")
    keeper.start()
    visits = Visits(keeper)
    yield visits
    await asyncio.wait_for(visits.stop(), 60)
    keeper.stop()


async def test_a_program_that_becomes_a_daemon_is_its_tasks_own(tmp_path: Path) -> None:
    """Beside it, the same in another task is not."""
    running, endpoints = [], []
    path, home = os.environ["PATH"], tmp_path / "home"
    for name in ("one", "other"):
        root = machine_root(tmp_path / f"root-{name}", path, writes=(tmp_path,), home=home)
        port = free_port()
        server = f"{sys.executable} -m http.server --bind 127.0.0.1 {port}"
        line = f"(setsid {server} & echo $! > {name}); exec sleep 600"
        entered = enter_command(root, str(tmp_path), ("sh", "-c", line))
        running.append(await asyncio.create_subprocess_exec(*entered))
        endpoints.append(Endpoint("127.0.0.1", port))
    listeners = [Listener(each.pid) for each in running]
    try:
        await until(lambda: all(map(Listener.is_reached_at, listeners, endpoints)))
        assert not any(map(Listener.is_reached_at, listeners, reversed(endpoints)))
    finally:
        for name, process in zip(("one", "other"), running, strict=True):
            os.kill(int((tmp_path / name).read_text()), signal.SIGKILL)
            process.kill()
            await process.wait()


def child(command: str) -> psutil.Process:
    """A process of this one, at any depth."""
    family = psutil.Process().children(recursive=True)
    return next(one for one in family if command in " ".join(one.cmdline()))


def is_running(command: str) -> bool:
    return any(
        command in " ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])
    )


@pytest.mark.parametrize(
    ("line", "succeeds"),
    [("test -e entered", True), ("exit 3", False), ("kill -9 $$", False), ("sleep 611", False)],
)
async def test_a_check_succeeds_with_exit_code_0_in_time(
    beside: ProcessSpec, visits: Visits, line: str, succeeds: bool
) -> None:
    check = replace(beside, command=("sh", "-c", line))
    assert await visits.succeed(check, 60 if succeeds else 2) is succeeds
    # The kernel ends the shell's child in its own time.
    await until(lambda: not is_running("sleep 611"))


async def test_a_check_that_is_abandoned_ends(beside: ProcessSpec, visits: Visits) -> None:
    running = asyncio.create_task(
        visits.succeed(replace(beside, command=("sh", "-c", "sleep 612 & wait")), 600)
    )
    await until(lambda: is_running("sleep 612"))
    while not running.done():
        running.cancel()
        await asyncio.sleep(0)
    assert running.cancelled()
    await until(lambda: not is_running("sleep 612"))


async def test_a_check_can_be_abandoned_at_any_moment(beside: ProcessSpec, visits: Visits) -> None:
    assert await visits.succeed(replace(beside, command=("true",)), 60)
    for turns in range(40):
        running = asyncio.create_task(
            visits.succeed(replace(beside, command=("sleep", "615")), 600)
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait({running}, timeout=60)
        assert running.cancelled()
    assert not is_running("sleep 615")


async def test_checks_outlive_the_end_of_what_starts_them(
    beside: ProcessSpec, visits: Visits
) -> None:
    """One that runs meanwhile has failed, and ends; the next one succeeds."""
    running = asyncio.create_task(visits.succeed(replace(beside, command=("sleep", "613")), 600))
    await until(lambda: is_running("sleep 613"))
    child("enter.py serve").kill()
    assert not await asyncio.wait_for(running, 60)
    await until(lambda: not is_running("sleep 613"))
    assert await visits.succeed(replace(beside, command=("true",)), 60)


async def test_no_check_outlives_the_visits(beside: ProcessSpec, visits: Visits) -> None:
    running = asyncio.create_task(visits.succeed(replace(beside, command=("sleep", "614")), 600))
    await until(lambda: is_running("sleep 614"))
    await asyncio.wait_for(visits.stop(), 60)
    assert not await asyncio.wait_for(running, 60)
    assert not is_running("sleep 614")


@pytest.mark.usefixtures("edge")
async def test_a_container_begins_again_in_the_same_root(
    bus: Bus, logs: MemoryLogSink, tmp_path: Path
) -> None:
    """Its root has what the first start has made there; the task goes on."""
    web = Program(tmp_path / "web").write(
        'import time\nprint("began", flush=True)\ntime.sleep(600)'
    )
    settings = TaskSettings(tmp_path / "home", {"web": web.directory})
    manager = Tasks(bus, MemoryVault(), settings, logs=logs)
    container = web_container(restart=RestartPolicy(after=0))
    try:
        await manager.reconcile(blueprint(definition(container)))
        await until(lambda: logs.texts("web") == ["began"])
        [before] = manager.snapshot().tasks
        [(_, pid)] = before.pids
        os.kill(pid, signal.SIGKILL)
        await until(lambda: logs.texts("web")[1:])
        [after] = manager.snapshot().tasks
        assert (after.id, logs.texts("web")) == (before.id, ["began", "began"])
    finally:
        await asyncio.wait_for(manager.stop(), 60)
