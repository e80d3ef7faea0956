"""Finds the container that uses more memory than it may have.

On Fargate the kernel kills it: a container at its hard limit, or the largest one of a task at the
task's. Here all processes are looked at, often enough for a program that fills its memory, and
seldom enough to cost nothing: the sum of resident memory is an upper bound, and only above the
limit the shared pages are counted exactly.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.background import Background
from bonkei.base.processes import family_ids
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.services.ecs.messages import OutOfMemory

IS_LIMITED = Path("/proc/self/statm").exists()  # Linux
_MIB = 2**20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SELDOM, _OFTEN = 1.0, 0.2  # seconds between two looks
_NEAR = 0.7  # of a limit, from which they are frequent


@dataclass(frozen=True, slots=True)
class Watched:
    """The processes of a running task: its containers', and those that count with it."""

    task_id: str
    definition: TaskDefinition
    containers: Mapping[str, int]
    guests: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """`over`: the containers to kill, with their task's id. `is_near`: one is close to its
    limit."""

    over: tuple[tuple[str, str], ...] = ()
    is_near: bool = False


def victim(definition: TaskDefinition, used: Mapping[str, int], beside: int = 0) -> str | None:
    """The container that the kernel would kill, by the bytes that each one uses. What `beside`
    them counts with the task can only fill the task's memory."""
    limits = {each.name: each.memory * _MIB for each in definition.containers}
    over = [name for name, size in used.items() if 0 < limits.get(name, 0) < size]
    if not over and 0 < definition.memory * _MIB < sum(used.values()) + beside:
        over = [*used]
    return max(over, key=lambda name: used[name], default=None)


def look(tasks: Iterable[Watched]) -> Look:
    """Look at the processes of all tasks."""
    over, is_near = [], False
    for task in tasks:
        found = {name: family_ids(pid) for name, pid in task.containers.items()}
        beside = [each for pid in task.guests for each in family_ids(pid)]
        bound = {name: sum(map(_resident, pids)) for name, pids in found.items()}
        more = sum(map(_resident, beside))
        if _fits(task.definition, bound, more, _NEAR):
            continue
        is_near = True
        if victim(task.definition, bound, more) is not None:
            exact = {name: sum(map(_own, pids)) for name, pids in found.items()}
            name = victim(task.definition, exact, sum(map(_own, beside)))
            if name is not None:
                over.append((task.task_id, name))
    return Look(tuple(over), is_near)


def _fits(definition: TaskDefinition, used: Mapping[str, int], beside: int, share: float) -> bool:
    larger = {name: int(size / share) for name, size in used.items()}
    return victim(definition, larger, int(beside / share)) is None


def _resident(pid: int) -> int:
    with suppress(OSError), open(f"/proc/{pid}/statm", "rb") as statm:  # noqa: PTH123 - quicker
        return int(statm.read().split()[1]) * _PAGE
    return 0


def _own(pid: int) -> int:
    """What a cgroup would count: a process's share of memory that is not a file's."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as rollup:  # noqa: PTH123
            found = {line.split(b":")[0]: line.split()[1] for line in rollup.readlines()[1:]}
        return sum(int(found.get(name, 0)) for name in (b"Pss_Anon", b"Pss_Shmem")) * 1024
    except (OSError, IndexError, ValueError):
        return 0  # it has ended, or is another user's


class MemoryWatch:
    """Looks at the tasks again and again. `definitions` and `guests` (other processes that count
    with a task) are by the task's id; `pids` has the processes of its containers. All are called on
    the event loop, and so is `report`."""

    def __init__(
        self,
        definitions: Callable[[], Mapping[str, TaskDefinition]],
        pids: Callable[[str], Mapping[str, int]],
        guests: Callable[[], Mapping[str, tuple[int, ...]]],
        report: Callable[[OutOfMemory], None],
    ) -> None:
        self._definitions = definitions
        self._pids = pids
        self._guests = guests
        self._report = report
        self._job = Background()

    def start(self) -> None:
        if IS_LIMITED:
            self._job.start(self._run())

    async def stop(self) -> None:
        await self._job.stop()

    async def _run(self) -> None:
        wait = _SELDOM
        while True:
            await asyncio.sleep(wait)
            tasks = [*self._running()]
            # In a thread: many processes take a while.
            seen = await asyncio.to_thread(look, tasks) if tasks else Look()
            wait = _OFTEN if seen.is_near else _SELDOM
            for task_id, container in seen.over:
                self._report(OutOfMemory(task_id, container))

    def _running(self) -> Iterator[Watched]:
        """A log router is not its image here, so its memory says nothing."""
        guests = self._guests()
        for task_id, definition in self._definitions().items():
            routers = {each.name for each in definition.containers if each.firelens is not None}
            pids = {n: pid for n, pid in self._pids(task_id).items() if n not in routers}
            if pids:
                yield Watched(task_id, definition, pids, guests.get(task_id, ()))
