"""Memory, processor and disk of tasks, connections of a database: really used, and then
released."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bonkei.base.vault import Vault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.miniature.rehearsal.causes.load import BURNER
from bonkei.miniature.rehearsal.causes.sessions import Outage, Server
from bonkei.miniature.rehearsal.values import RehearsalError
from bonkei.services.ecs import Tasks
from bonkei.services.ecs.snapshot import TaskSnapshot
from bonkei.services.faults.errors import FaultError
from bonkei.services.faults.rules import LONGEST, MOST_BYTES
from bonkei.services.faults.values import Filling
from bonkei.services.rds.snapshot import DatabaseSnapshot

_MIB = 1024**2
_PUSH = 0.5  # seconds between two searches for free connections


@dataclass(frozen=True, slots=True)
class FillAround:
    """`tasks`: after the start has created them. `scratch`: the folder of the tasks' files."""

    blueprint: Callable[[], Blueprint]
    tasks: Callable[[], Tasks]
    databases: Callable[[], list[DatabaseSnapshot]]
    vault: Vault
    scratch: Path


class Fillings:
    """Call `become` with each change, and always `close`. A resource is held by a process that ends
    with this one, by a file in the task's own folder, or by a connection of this process."""

    def __init__(self, around: FillAround) -> None:
        self._around = around
        self._held: dict[Filling, Callable[[], Coroutine[Any, Any, None]]] = {}

    async def become(self, wanted: Iterable[Filling]) -> None:
        """Raises FaultError if there is no room, or nothing to fill."""
        wanted = tuple(wanted)
        for filling in set(self._held) - set(wanted):
            await self._held.pop(filling)()
        for filling in wanted:
            if filling not in self._held:
                self._held[filling] = await self._fill(filling)

    async def close(self) -> None:
        await self.become(())

    async def _fill(self, filling: Filling) -> Callable[[], Coroutine[Any, Any, None]]:
        if filling.what == "connections":
            return await self._connect(filling.name)
        found = [one for one in self._around.tasks().snapshot().tasks if one.id == filling.name]
        if not found:
            return _nothing
        if filling.what == "disk":
            return await self._write(filling)
        return await self._burn(filling, found[0])

    # A process beside the task.

    async def _burn(
        self, filling: Filling, task: TaskSnapshot
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        definition = self._definition(task)
        if filling.what == "processor":
            amount = str(filling.size * definition.cpu / 1024)
        else:
            amount = str(_memory(filling, definition, task))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(BURNER), str(filling.what), amount, str(LONGEST),
            stdin=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._around.tasks().count_with(task.id, process.pid)

        async def end() -> None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

        return end

    def _definition(self, task: TaskSnapshot) -> TaskDefinition:
        for one in self._around.blueprint().task_definitions:
            if f"{one.family}:{one.revision}" == task.task_definition:
                return one
        raise FaultError(f"the definition {task.task_definition} is not known any more")

    # A file.

    async def _write(self, filling: Filling) -> Callable[[], Coroutine[Any, Any, None]]:
        directory = self._around.scratch / filling.name
        file, size = directory / f"fault-{filling.fault}", int(filling.size)
        if not directory.is_dir():
            return _nothing
        if size > shutil.disk_usage(directory).free // 2:
            raise FaultError(
                f"{size // _MIB} MiB are more than half of the free space on this machine's disk",
                remedy="take a smaller --size",
            )
        try:
            await asyncio.to_thread(_allocate, file, size)
        except OSError as error:
            file.unlink(missing_ok=True)
            raise FaultError(f"{file} cannot be filled: {error.strerror}") from None

        async def end() -> None:
            file.unlink(missing_ok=True)

        return end

    # Connections.

    async def _connect(self, name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        clusters = self._around.blueprint().database_clusters
        cluster = next((one for one in clusters if one.identifier == name), None)
        if cluster is None:
            return _nothing
        try:
            server = Server.find(cluster, self._around.databases(), self._around.vault)
        except RehearsalError as error:
            raise FaultError(error.message) from None
        outage = Outage(server, _nothing)
        await outage.push()
        pushing = asyncio.create_task(_push(outage))

        async def end() -> None:
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
            await outage.end()

        return end


def _memory(filling: Filling, definition: TaskDefinition, task: TaskSnapshot) -> int:
    """The bytes to hold in addition to the task's present use. Raises FaultError without room."""
    whole = filling.size * definition.memory * _MIB if filling.size <= 1 else filling.size
    more = int(whole) - task.memory if filling.size <= 1 else int(whole)
    size = max(0, min(more, MOST_BYTES))
    if size > psutil.virtual_memory().available // 2:
        raise FaultError(
            f"{size // _MIB} MiB are more than half of the memory that this machine has free",
            remedy="take a smaller --size",
        )
    return size


def _allocate(file: Path, size: int) -> None:
    """Really taken, not only a length."""
    with file.open("wb") as opened:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(opened.fileno(), 0, size)
            return
        block = b"\0" * _MIB
        for _ in range(0, size, _MIB):
            opened.write(block)


async def _push(outage: Outage) -> None:
    while True:
        await asyncio.sleep(_PUSH)
        await outage.push()


async def _nothing() -> None:
    """There is nothing to give back."""
