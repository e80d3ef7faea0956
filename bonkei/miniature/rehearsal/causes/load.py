"""Really uses a processor, or really holds memory, in a process that counts with a task's own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.services.ecs import Tasks
from bonkei.services.ecs.snapshot import TaskSnapshot

BURNER = Path(__file__).with_name("burner.py")
_MIB = 1024**2
_PATIENCE = 30.0  # seconds for killed processes; they end at once unless the machine is busy


class Load(Quiet):
    """`kind`: processor, memory. `percent` of the reservation of each task of the service."""

    def __init__(
        self,
        kind: str,
        service: Service,
        percent: float,
        tasks: Callable[[], Tasks],
        blueprint: Blueprint,
    ) -> None:
        self._kind = kind
        self._service = service
        self._percent = percent
        self._tasks = tasks
        self._definition = blueprint.task_definition(service.task_definition_arn)
        self._running: dict[str, asyncio.subprocess.Process] = {}

    async def push(self) -> None:
        """One process beside each task, including new ones."""
        group = f"service:{self._service.name}"
        for task in self._tasks().snapshot().tasks:
            is_new = task.id not in self._running
            if task.group == group and task.last_status == "RUNNING" and is_new:
                await self._start(task)

    async def _start(self, task: TaskSnapshot) -> None:
        if self._kind == "processor":
            amount = str(self._percent / 100 * self._definition.cpu / 1024)
        else:
            whole = self._definition.memory * _MIB * self._percent / 100
            amount = str(max(0, int(whole) - task.memory))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(BURNER), self._kind, amount,
            stdin=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._running[task.id] = process
        self._tasks().count_with(task.id, process.pid)

    async def end(self) -> None:
        """The processes are gone."""
        running, self._running = self._running, {}
        for process in running.values():
            with suppress(ProcessLookupError):
                process.kill()
        for process in running.values():
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await process.wait()
