"""Tasks that run from the root file system of a built image."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from small_roots import fill

from bonkei.base.events import Bus
from bonkei.base.processes.roots import RootSettings, why_not
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.ecs import Container, ContainerHealthCheck, MountPoint, TaskDefinition
from bonkei.services.ecs import Tasks, TaskSettings
from bonkei.services.ecs.built import BuiltFiles
from bonkei.services.ecs.images.local import local_task
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

from .conftest import Edge, blueprint, definition, web_container

OBSTACLE = "this is not Linux" if sys.platform != "linux" else why_not(Path("/tmp/roots"))  # noqa: S108
rooted = pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)
SETTINGS = RootSettings(
    entry_point=("/bin/sh", "-c"),
    command=("echo $MESSAGE $(cat /srv/version) $(id -u) $PORT; sleep 600",),
    environment=(("PATH", "/bin"), ("MESSAGE", "costs $5 at")),
    working_directory="/srv",
    user="web",
    exposed_ports=(8000,),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("base"))


@pytest.fixture
def images(base: Path, tmp_path: Path) -> dict[str, BuiltFiles]:
    """`web:1` and `web:2`: each says its version."""
    made = {}
    for tag in ("1", "2"):
        folder = tmp_path / f"image-{tag}"
        shutil.copytree(base, folder, symlinks=True)
        (folder / "srv" / "version").write_text(f"version {tag}")
        made[f"web:{tag}"] = BuiltFiles(folder, SETTINGS)
    return made


@pytest.fixture
async def tasks(
    images: dict[str, BuiltFiles], tmp_path: Path, logs: MemoryLogSink, bus: Bus, edge: Edge
) -> AsyncIterator[Tasks]:
    settings = TaskSettings(
        tmp_path / "home", built=lambda container, _: images.get(container.image)
    )
    manager = Tasks(bus, MemoryVault(), settings, logs=logs)
    yield manager
    await asyncio.wait_for(manager.stop(), 60)


def revision(tag: str, **changes: Any) -> TaskDefinition:
    container = Container("web", f"web:{tag}", stop_timeout=1.0, **changes)
    return definition(container, revision=int(tag))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


@rooted
async def test_a_rollback_runs_the_older_code(tasks: Tasks, logs: MemoryLogSink) -> None:
    for number, tag in enumerate(("1", "2", "1"), 1):
        await tasks.reconcile(blueprint(revision(tag)))
        await asyncio.wait_for(tasks.steady(), 60)
        await until(lambda: len(logs.texts("web")) == number)  # noqa: B023 - it ends before
    found = [line.rpartition(" ")[0] for line in logs.texts("web")]
    assert found == [f"costs $5 at version {tag} 10001" for tag in ("1", "2", "1")]
    assert all(line.rpartition(" ")[2].isdecimal() for line in logs.texts("web"))


@rooted
async def test_a_health_check_and_volumes_are_the_containers_own(
    tasks: Tasks, logs: MemoryLogSink
) -> None:
    check = ContainerHealthCheck(("CMD-SHELL", "cat /data/ready /tmp/own"), 1.0, 5.0, 10, 0.0)
    await tasks.reconcile(
        blueprint(
            revision(
                "1",
                command=(
                    "echo x >/tmp/own; echo x >/data/ready; echo x >/etc/new; echo ready; sleep 99",
                ),
                health_check=check,
                mount_points=(MountPoint("shared", "/data"),),
                user="0",
            )
        )
    )
    await asyncio.wait_for(tasks.steady(), 60)
    await until(lambda: logs.texts("web"))
    [task] = tasks.snapshot().tasks
    await until(lambda: tasks.snapshot().tasks[0].containers[0].health == "HEALTHY")
    assert task.last_status == "RUNNING"


@rooted
async def test_a_read_only_root_is_the_definitions(tasks: Tasks, logs: MemoryLogSink) -> None:
    command = "echo x >/srv/version; echo $(cat /srv/version); sleep 600"
    definition_ = revision("1", command=(command,), readonly_root_filesystem=True)
    await tasks.reconcile(blueprint(definition_))
    await until(lambda: len(logs.texts("web")) == 2)
    refused, read = sorted(logs.texts("web"))
    assert read == "version 1"
    assert "Read-only file system" in refused


@rooted
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"entry_point": ("python3",)}, 'exec: "python3": executable file not found'),
        ({"user": "nobody"}, "unable to find user nobody"),
    ],
)
async def test_what_the_image_lacks_is_named(
    tasks: Tasks, changes: dict[str, Any], said: str
) -> None:
    await tasks.reconcile(blueprint(revision("1", **changes)))
    await until(lambda: tasks.snapshot().stopped)
    stopped = tasks.snapshot().stopped[0]
    assert said in f"{stopped.reason} {stopped.containers}"


def test_a_definition_overrides_the_image_as_ecs_does(images: dict[str, BuiltFiles]) -> None:
    def command(**changes: Any) -> tuple[str, ...]:
        task = local_task(
            revision("1", **changes),
            {},
            serving=frozenset(),
            built=lambda container, _: images.get(container.image),
        )
        return task.container("web").command

    assert command() == (*(SETTINGS.entry_point or ()), *(SETTINGS.command or ()))
    assert command(command=("ls",)) == ("/bin/sh", "-c", "ls")
    assert command(entry_point=("ls",)) == ("ls",)
    assert command(entry_point=("ls",), command=("/",)) == ("ls", "/")


def test_the_image_is_not_mixed_with_the_working_folder(
    images: dict[str, BuiltFiles], tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text('FROM x\nCMD ["working"]\n')
    task = local_task(
        revision("1"),
        {"web": tmp_path},
        serving=frozenset({"web"}),
        built=lambda container, _: images.get(container.image),
    )
    found = task.container("web")
    assert found.root == images["web:1"].folder
    assert found.localize("/srv/version") == "/srv/version"
    assert found.command != ("working",)
    assert web_container().image == "web:1"
