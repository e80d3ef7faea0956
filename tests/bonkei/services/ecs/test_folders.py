"""Programs that run from their folder with the command of the settings, without an image."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bonkei.base.events import Bus, TargetRegistered
from bonkei.base.processes.roots import why_not
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.ecs import Container, PortMapping, ServiceTarget
from bonkei.config import ContainerSource, FolderProgram
from bonkei.services.ecs import TaskError, Tasks, TaskSettings
from bonkei.services.ecs.execution.folders import is_ready

from .conftest import GROUP, Edge, blueprint, definition, pids, steady, until
from .log_lines import MemoryLogSink

PAGE = """
import http.server, os, pathlib, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = " ".join([sys.argv[1], os.environ["A"], os.environ["B"], os.environ["URL"]])
        self.send_response(200); self.end_headers(); self.wfile.write(text.encode())
    def log_message(self, *_): pass
port = PORT_TO_USE
http.server.HTTPServer(("127.0.0.1", port), Page).serve_forever()
"""
PREPARE = "echo $WHAT >> made.log && echo $HOME && touch $HOME/kept"
WEB = Container(
    "web",
    "web:1",
    command=("/app/of-the-image",),
    working_directory="/app",
    environment=(("A", "defined"), ("B", "defined"), ("URL", "http://localhost:3000/")),
    secrets=(("B", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone-AbCdEf"),),
    port_mappings=(PortMapping(80, "http"),),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    made.mkdir()
    return made


@pytest.fixture
def source(folder: Path) -> FolderProgram:
    command = (sys.executable, "page.py", "hello")
    environment = (("B", "of the settings"), ("WHAT", "made"))
    return FolderProgram(folder, command, environment, 3000, ("/bin/sh", "-c", PREPARE))


@pytest.fixture
def sources(source: FolderProgram) -> dict[str, ContainerSource]:
    return {"web": source}


@pytest.fixture
async def tasks(
    bus: Bus, edge: Edge, vault: MemoryVault, logs: MemoryLogSink, tmp_path: Path,
    sources: dict[str, ContainerSource],
) -> AsyncIterator[Tasks]:  # fmt: skip
    made = Tasks(bus, vault, TaskSettings(tmp_path / "home", sources), logs=logs)
    yield made
    await asyncio.wait_for(made.stop(), 60)


async def test_it_runs_as_the_settings_say(
    tasks: Tasks, edge: Edge, folder: Path, tmp_path: Path
) -> None:
    """Two tasks, prepared once, with one port that is fixed in the code where the kernel can."""
    fixed = "3000" if not why_not(tmp_path) else 'int(os.environ["PORT"])'
    (folder / "page.py").write_text(PAGE.replace("PORT_TO_USE", fixed))
    task = definition(WEB)
    await tasks.reconcile(blueprint(task, desired=2, targets=(ServiceTarget(GROUP, "web", 80),)))
    await steady(tasks)
    places = [each.endpoint.port for each in edge.of(TargetRegistered)]
    assert len(set(places)) == 2
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:

        async def text(port: int) -> str:
            try:
                return (await client.get(f"http://127.0.0.1:{port}/")).text
            except httpx.ConnectError:  # it does not listen yet
                return ""

        for port in places:
            async with asyncio.timeout(60):
                while not (said := await text(port)):
                    await asyncio.sleep(0.05)
            assert said == f"hello defined of the settings http://127.0.0.1:{port}/"
    assert (folder / "made.log").read_text() == "made\n"
    [note] = [each.text for each in tasks.snapshot().notes]
    assert note.endswith("in place of its own: /app/of-the-image")


async def test_it_is_prepared_again_after_a_change(
    tasks: Tasks, source: FolderProgram, folder: Path, tmp_path: Path
) -> None:
    home, log = tmp_path / "home", folder / "made.log"
    assert not is_ready(source, home)
    for change, times in ((None, 1), (None, 1), ("page.py", 2), ("lib/a.py", 3), (".git/a", 3)):
        if change:
            (folder / change).parent.mkdir(exist_ok=True)
            (folder / change).write_text("")
        await tasks.make_ready(source)
        assert len(log.read_text().split()) == times, change
        assert is_ready(source, home)
    assert not is_ready(replace(source, prepare=("make",)), home)
    assert [*(home / "prepared").glob("*/home/kept")]


async def test_a_task_in_place_of_one_that_crashed_prepares_nothing(
    tasks: Tasks, sources: dict[str, ContainerSource], source: FolderProgram, folder: Path
) -> None:
    """Its program may have written a log. `npm ci` would take the packages from the other tasks."""
    sources["web"] = replace(source, command=("sleep", "600"))
    await tasks.reconcile(blueprint(definition(WEB)))
    await steady(tasks)
    before = pids(tasks)
    (folder / "app.log").touch()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    await until(lambda: pids(tasks) and not pids(tasks) & before)
    assert (folder / "made.log").read_text() == "made\n"


async def test_after_a_failed_preparation_the_next_task_tries_again(
    tasks: Tasks, sources: dict[str, ContainerSource], source: FolderProgram, folder: Path
) -> None:
    sources["web"] = program = replace(source, prepare=("/bin/sh", "-c", "test ! -e bad"))
    await tasks.make_ready(program)
    (folder / "bad").touch()
    with pytest.raises(TaskError):
        await tasks.make_ready(program)
    with pytest.raises(TaskError, match="test ! -e bad"):
        await tasks.lend(definition(WEB), "web", ["true"])


async def test_what_a_tool_made_and_somebody_removed_is_made_again(
    tasks: Tasks, source: FolderProgram, folder: Path
) -> None:
    installing = replace(source, prepare=("/bin/sh", "-c", "mkdir -p node_modules"))
    for _ in range(2):
        await tasks.make_ready(installing)
        (folder / "node_modules").rmdir()


async def test_a_failed_preparation_says_its_last_lines(
    tasks: Tasks, source: FolderProgram, folder: Path, tmp_path: Path
) -> None:
    line = "for n in $(seq 30); do echo line $n; done; echo no such package >&2; exit 7"
    failing = replace(source, prepare=("/bin/sh", "-c", line))
    with pytest.raises(TaskError) as caught:
        await tasks.make_ready(failing)
    assert f"`{line}` has failed in {folder}, with exit code 7:\n" in caught.value.message
    assert "  no such package" in caught.value.message
    assert "  line 30" in caught.value.message
    assert "  line 20" not in caught.value.message
    assert not is_ready(failing, tmp_path / "home")


async def test_a_task_whose_folder_cannot_be_prepared_says_why(
    tasks: Tasks, source: FolderProgram, sources: dict[str, ContainerSource]
) -> None:
    sources["web"] = replace(source, prepare=("false",))
    await tasks.reconcile(blueprint(definition(WEB)))
    await until(lambda: "`false` has failed" in str(tasks.snapshot()))


async def test_another_command_replaces_that_of_the_settings(tasks: Tasks, folder: Path) -> None:
    words = (sys.executable, "-c", "import os; print(os.getcwd(), os.environ['B'])")
    outcome = await tasks.run_task(definition(WEB), "web", words)
    assert outcome.output == (f"{folder} of the settings",)


async def test_a_preparation_sees_no_files_but_its_own(
    tasks: Tasks, source: FolderProgram, tmp_path: Path
) -> None:
    if why := why_not(tmp_path):
        pytest.skip(why)
    (tmp_path / "secret").write_text("of another program")
    reading = replace(source, prepare=("cat", str(tmp_path / "secret")))
    with pytest.raises(TaskError, match="No such file"):
        await tasks.make_ready(reading)
