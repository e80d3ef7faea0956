"""Tasks that a container engine runs: a double of Docker, and the real ones that run here."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import container_engine
import pytest
from small_roots import fill

from bonkei.base.events import Bus
from bonkei.base.processes.roots import (
    EngineRun,
    Root,
    RootSettings,
    exec_command,
    give_image,
    run_command,
)
from bonkei.base.processes.roots.values import Mount
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.ecs import Container, ContainerHealthCheck, MountPoint, TaskDefinition
from bonkei.services.ecr.engines.runs import RUNNERS, Runs
from bonkei.services.ecs import Tasks, TaskSettings
from bonkei.services.ecs.built import BuiltFiles
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

from .conftest import Edge, blueprint, definition


def real_ones() -> list[str]:
    """Those that run a container here."""
    with tempfile.TemporaryDirectory() as home:
        names = [name for name in RUNNERS if shutil.which(name)]
        return [name for name in names if not Runs(name, Path(home) / name).why_not]


ENGINES = ["double", *real_ones()]
SAYS = "echo $MESSAGE $(cat version) $(id -u) $SECRET $HOME; touch /data/here"
SETTINGS = RootSettings(
    entry_point=("/bin/sh", "-c"),
    command=(f"trap 'echo bye; exit 0' TERM; {SAYS}; while :; do sleep 0.1; done",),
    environment=(("PATH", "/bin"), ("MESSAGE", "it is")),
    working_directory="/srv",
    user="web",
)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An image's root file system, and its manifest with its blobs beside it."""
    base = tmp_path_factory.mktemp("image")
    root, blobs = fill(base / "root"), base / "blobs"
    (root / "srv" / "version").write_text("version 1")
    blobs.mkdir()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        archive.add(root, ".")
    config = {
        "architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers",
        "diff_ids": [f"sha256:{hashlib.sha256(plain.getvalue()).hexdigest()}"]},
    }  # fmt: skip

    def keep(content: bytes) -> dict[str, Any]:
        name = hashlib.sha256(content).hexdigest()
        (blobs / name).write_bytes(content)
        return {"digest": f"sha256:{name}", "size": len(content)}

    layers = [keep(gzip.compress(plain.getvalue(), 1))]
    manifest = {"config": keep(json.dumps(config).encode()), "layers": layers}
    (blobs / "manifest").write_text(json.dumps(manifest))
    return root, blobs / "manifest"


@pytest.fixture(params=ENGINES)
def runs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    name = str(request.param)
    if name == "double":
        name = "docker"
        container_engine.install(tmp_path / "bin", tmp_path / "state")
        monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    runs = Runs(name, tmp_path / "engine")
    assert runs.why_not == ""
    assert runs.kind == name
    return runs


@pytest.fixture
async def tasks(
    runs: Runs, image: tuple[Path, Path], tmp_path: Path, logs: MemoryLogSink, bus: Bus, edge: Edge
) -> AsyncIterator[Tasks]:
    folder, manifest = image
    run = runs.of(f"sha256:{'1' * 64}", manifest)
    built = {"web:1": BuiltFiles(folder, SETTINGS, run)}
    settings = TaskSettings(
        tmp_path / "home", built=lambda container, _: built.get(container.image)
    )
    manager = Tasks(bus, MemoryVault(), settings, logs=logs)
    yield manager
    await asyncio.wait_for(manager.stop(), 60)


def _call(run: EngineRun | None, *words: str) -> list[str]:
    assert run is not None
    line = [*run.line, *words]
    environment = dict(run.environment)
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.split()


def left(run: EngineRun | None) -> list[str]:
    assert run is not None
    return _call(run, "ps", "--all", "--quiet", "--filter", f"label={run.label}")


def revision(**changes: Any) -> TaskDefinition:
    container = Container(
        "web", "web:1", environment=(("SECRET", "two words"),), stop_timeout=20.0,
        mount_points=(MountPoint("data", "/data"),), **changes,
    )  # fmt: skip
    return definition(container)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.3)


async def test_a_task_runs_and_stops_in_order(
    tasks: Tasks, runs: Runs, image: tuple[Path, Path], logs: MemoryLogSink, tmp_path: Path
) -> None:
    """Its variables, user, working folder and volume are the definition's; a signal reaches it."""
    check = ContainerHealthCheck(("CMD-SHELL", "test -e /data/here"), 1.0, 20.0, 3, 60.0)
    await tasks.reconcile(blueprint(revision(health_check=check)))
    await asyncio.wait_for(tasks.steady(), 60)
    await until(lambda: logs.texts("web"))  # the engine passes it on
    assert logs.texts("web") == ["it is version 1 10001 two words /srv"]
    run = runs.of(f"sha256:{'1' * 64}", image[1])
    assert len(left(run)) == 1
    [task] = tasks.snapshot().tasks
    assert task.containers[0].health == "HEALTHY"
    await tasks.stop()
    assert logs.texts("web")[1:] == ["bye"]
    await until(lambda: not left(run))
    assert run is not None
    shown = ("images", "--format", "{{.Repository}}:{{.Tag}}")
    assert run.image in _call(run, *shown)
    runs.forget()
    assert run.image not in _call(run, *shown)


async def test_nothing_is_left_of_a_client_that_is_killed(
    tasks: Tasks, runs: Runs, image: tuple[Path, Path], logs: MemoryLogSink
) -> None:
    await tasks.reconcile(blueprint(revision()))
    await until(lambda: logs.texts("web"))
    run = runs.of(f"sha256:{'1' * 64}", image[1])
    [first] = left(run)
    [(_, pid)] = tasks.snapshot().tasks[0].pids
    os.kill(pid, signal.SIGKILL)
    await until(lambda: first not in left(run))
    await until(lambda: tasks.snapshot().stopped)


def test_what_a_killed_miniature_has_left_is_removed(
    runs: Runs, image: tuple[Path, Path], tmp_path: Path
) -> None:
    """Its guards were killed with it. Another miniature's containers stay."""
    root = Root(str(image[0]), str(tmp_path), 10001, 10001)
    run = runs.of(f"sha256:{'1' * 64}", image[1])
    assert run is not None
    assert give_image(run) == ""
    line = list(run_command(run, root, "/", ("/bin/sleep", "600"), {}))
    environment = dict(run.environment)
    client = subprocess.Popen(line, env=environment)
    while not left(run):
        assert client.poll() is None
    others = Runs(runs.kind, tmp_path / "another")
    assert others.why_not == ""
    assert len(left(run)) == 1
    again = Runs(runs.kind, tmp_path / "engine")
    assert again.why_not == ""
    assert left(run) == []
    assert client.wait(60) == 137


def test_two_homes_that_try_an_engine_at_once_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, said = tmp_path / "bin" / "docker", tmp_path / "said"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$*" >>{said}\ncase $1 in context) echo unix:///x;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    for home in ("one", "other"):
        assert Runs("docker", tmp_path / home).why_not == ""
    removed = [line.split()[-1] for line in said.read_text().splitlines() if "image rm" in line]
    assert len(set(removed)) == 2


def test_no_value_of_a_variable_stands_in_a_command_line() -> None:
    """Only the engine's own ones do. A place with a comma or a quote stays one place."""
    run = EngineRun(("/bin/docker",), {"PATH": "/bin"}, "i", "/m", "bonkei.home=x")
    mount = Mount('/a,"b"', "/data", read_only=True)
    root = Root("/image", "/scratch", 1, 2, read_only=True, mounts=(mount,))
    given = {"PASSWORD": "secret", "PATH": "/image/bin"}
    line = run_command(run, root, "/srv", ("serve", "-x"), given)
    ran = line[line.index("run") :]
    assert "secret" not in "".join(line)
    assert ran[ran.index("--entrypoint") + 1] == "serve"
    assert ran[-2:] == ("i", "-x")
    assert [ran[at + 1] for at, word in enumerate(ran) if word == "--env"] == [
        "PASSWORD", "PATH=/image/bin",
    ]  # fmt: skip
    assert ran[ran.index("--mount") + 1] == 'type=bind,"source=/a,""b""",target=/data,readonly'
    assert "--read-only" in ran
    beside = exec_command(run, root, "/srv", ("ls",), given)
    assert beside[:2] == ("/bin/docker", "exec")
    assert "secret" not in "".join(beside)
    assert beside[-2:] == (ran[ran.index("--name") + 1], "ls")


@pytest.mark.parametrize(
    ("wanted", "host", "system", "reason"),
    [
        ("none", "unix:///x", "", '[builds] engine is "none"'),
        ("buildah", "unix:///x", "", "buildah builds only"),
        ("docker", "unix:///x", "Debian", "docker: Cannot connect to the Docker daemon"),
        ("docker", "tcp://10.0.0.1:2376", "Debian", "docker: its daemon is on another machine"),
        ("docker", "unix:///x", "Docker Desktop", "in a virtual machine"),
        ("auto", "unix:///x", "", "podman is not installed"),
    ],
)
def test_without_an_engine_that_runs_the_reason_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    host: str,
    system: str,
    reason: str,
) -> None:
    broken = tmp_path / "bin" / "docker"
    broken.parent.mkdir()
    broken.write_text(
        f"#!/bin/sh\ncase $1 in context) echo {host}; exit 0;; info) echo {system}; exit 0;; esac\n"
        "echo Cannot connect to the Docker daemon >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent))
    runs = Runs(wanted, tmp_path / "engine")
    assert reason in runs.why_not
    assert runs.of("sha256:1", tmp_path) is None
