"""A task of the working copy sees its own files and this machine's programs, and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bonkei.base.events import Bus
from bonkei.base.processes.roots import why_not_confined
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.ecs import ContainerHealthCheck
from bonkei.services.ecs import Tasks, TaskSettings
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
