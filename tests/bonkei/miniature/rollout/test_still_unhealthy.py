"""After an apply, briefly unhealthy services get time, and the others are reported."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from bonkei.base.events import Bus
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.miniature.rollout.diagnosis import find_unhealthy
from bonkei.miniature.rollout.rollout import still_unhealthy
from bonkei.services.ecs import Tasks, TaskSettings
from tests.bonkei.services.ecs.conftest import SERVER, Program, definition, service, web_container
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

TASK = definition(web_container())


def wanted(count: int) -> Blueprint:
    return Blueprint(services=(service(TASK, count),), task_definitions=(TASK,))


async def test_a_first_task_gets_time_and_one_that_cannot_start_is_unhealthy(
    tmp_path: Path,
) -> None:
    bus = Bus()
    program = Program(tmp_path / "web").write(SERVER)
    settings = TaskSettings(tmp_path / "home", {"web": tmp_path / "web"})
    tasks = Tasks(bus, MemoryVault(), settings, logs=MemoryLogSink())
    try:
        await tasks.reconcile(wanted(0))
        await asyncio.wait_for(tasks.steady(), 60)
        await tasks.reconcile(wanted(1))
        # COMPLETED without a task, although one is wanted.
        assert list(find_unhealthy(tasks.snapshot()))
        assert await still_unhealthy(tasks, bus, 60) == []

        shutil.rmtree(program.directory)
        (task,) = tasks.snapshot().tasks
        tasks.stop_task(task.id)
        async with asyncio.timeout(60):
            while not list(find_unhealthy(tasks.snapshot())):
                await asyncio.sleep(0.01)
        (bad,) = await still_unhealthy(tasks, bus, 1.0)
        assert bad.name == "web"
        assert bad.reason.startswith("0 of 1 healthy")
    finally:
        await tasks.stop()
