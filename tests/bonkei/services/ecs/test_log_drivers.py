"""A container's log driver gets each line. It may block the program, and it may refuse to start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bonkei.base.events import Bus
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.services.ecs import TaskError, Tasks, TaskSettings
from tests.bonkei.services.ecs.conftest import definition
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

PROGRAM = """
import sys
for number in range(20_000):
    print(number, "x" * 100)
print("bye", file=sys.stderr)
"""


@dataclass
class Driver:
    lines: list[tuple[str, str]] = field(default_factory=list)
    is_closed: bool = False
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, stream: str, time: float, lines: Sequence[str]) -> None:
        self.lines += [(stream, line) for line in lines]

    async def writable(self) -> None:
        await self.free.wait()

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        'FROM python:3.13\nCOPY . /app\nWORKDIR /app\nCMD ["python3", "job.py"]\n'
    )
    (folder / "job.py").write_text(PROGRAM)
    return folder


async def test_a_driver_gets_every_line_and_may_block_the_program(
    bus: Bus, vault: MemoryVault, logs: MemoryLogSink, tmp_path: Path, job: Path
) -> None:
    drivers: list[tuple[str, str, Driver]] = []

    async def open_driver(task: TaskDefinition, container: Container, task_id: str) -> Driver:
        drivers.append((task.family, container.name, Driver()))
        return drivers[-1][2]

    settings = replace(TaskSettings(tmp_path / "home", {"job": job}), log_driver=open_driver)
    tasks = Tasks(bus, vault, settings, logs=logs)
    running = asyncio.create_task(tasks.run_task(definition(Container("job", "job")), "job"))
    async with asyncio.timeout(60):
        while not (drivers and drivers[0][2].lines):
            await asyncio.sleep(0.01)
    family, name, driver = drivers[0]
    assert (family, name) == ("web", "job")
    done, _ = await asyncio.wait({running}, timeout=0.3)
    assert not done, "it waits in its write: the pipe is full"
    assert len(driver.lines) < 10_000
    driver.free.set()
    outcome = await asyncio.wait_for(running, 60)
    assert outcome.exit_code == 0
    assert len(driver.lines) == 20_001
    assert ("stderr", "bye") in driver.lines
    assert driver.is_closed
    assert len(logs.texts("job")) == 20_001, "the lines stay visible as before"
    await tasks.stop()


async def test_a_container_without_its_driver_does_not_start(
    bus: Bus, vault: MemoryVault, logs: MemoryLogSink, tmp_path: Path, job: Path
) -> None:
    async def refuse(_task: TaskDefinition, _container: Container, _id: str) -> None:
        raise TaskError("failed to initialize logging driver: no such group")

    settings = replace(TaskSettings(tmp_path / "home", {"job": job}), log_driver=refuse)
    tasks = Tasks(bus, vault, settings, logs=logs)
    outcome = await asyncio.wait_for(tasks.run_task(definition(Container("job", "job")), "job"), 60)
    assert outcome.exit_code is None
    assert "CannotStartContainerError: failed to initialize logging driver" in outcome.reason
    assert not logs.lines
    await tasks.stop()
