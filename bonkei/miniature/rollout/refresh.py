"""A service's tasks reread their files: sends SIGHUP, and reads the programs' output after it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.config import Config
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.log_files.record import read
from bonkei.services.ecs import FileLogSink, TasksSnapshot

_SILENT = 3.0  # seconds in which a program at rest writes nothing: not every program writes any
_LONGEST = 30.0  # seconds to wait for a program that works, or wants to
_LOOK = 0.02
_END = 0.05  # seconds after the first output, to wait for more
_AT_WORK = frozenset(
    {psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP, psutil.STATUS_WAKING, psutil.STATUS_STOPPED}
)


@dataclass(frozen=True, slots=True)
class _Told:
    """A container's process that was sent the signal, and the former end of its log."""

    task_id: str
    pid: int
    log: Path
    offset: int

    def lines(self) -> list[str]:
        """Complete lines since then, each with its time and task. A request's line is not one:
        health checks come all the time."""
        return [line for line in self._written() if not _is_of_a_request(line)]

    def is_at_rest(self) -> bool:
        """Otherwise it may not have read anything yet: on a busy machine it has to wait."""
        try:
            return psutil.Process(self.pid).status() not in _AT_WORK
        except psutil.Error:
            return True  # it has ended

    def _written(self) -> list[str]:
        with suppress(OSError), self.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(self.offset if size >= self.offset else 0)  # the file was started again
            text = file.read().decode(errors="replace")
            return [
                line
                for line in text[: text.rfind("\n") + 1].splitlines()
                if line.partition(" ")[2].startswith(self.task_id)
            ]
        return []


def rereading(service: Service, blueprint: Blueprint, config: Config) -> frozenset[str]:
    """The containers of a service that read files again, by the keys of the settings."""
    return frozenset(
        container.name
        for definition in blueprint.task_definitions
        if definition.arn == service.task_definition_arn
        for container in definition.containers
        if definition.key_of(container, config.containers) in config.read_again
    )


async def refresh(
    service: Service, tasks: TasksSnapshot, containers: Collection[str], logs: Path
) -> list[str]:
    """Send SIGHUP to these containers of the service's running tasks. Returns their log lines after
    that. Raises MiniatureError if none runs."""
    told = list(_tell(service, tasks, containers, FileLogSink(logs)))
    if not told:
        raise MiniatureError(
            f"no container of {service.name} that can read its files again is running",
            remedy="see `bonkei status`, and `reads_again` in bonkei.toml",
        )
    await _answers(told)
    return [line for one in told for line in one.lines()]


async def _answers(told: Collection[_Told]) -> None:
    """Wait until all have written something, or have had the time to do so. Looks are counted, not
    seconds: a machine that stands still stops the programs, too."""
    loop = asyncio.get_running_loop()
    end, silent = loop.time() + _LONGEST, 0
    while silent * _LOOK < _SILENT and loop.time() < end:
        await asyncio.sleep(_LOOK)
        if all(one.lines() for one in told):
            await asyncio.sleep(_END)
            return
        silent += all(one.is_at_rest() for one in told)


def _is_of_a_request(line: str) -> bool:
    return any(record.request_id for record in read("", "container", [line]))


def _tell(
    service: Service, tasks: TasksSnapshot, containers: Collection[str], sink: FileLogSink
) -> Iterator[_Told]:
    for task in tasks.tasks:
        if task.group != f"service:{service.name}" or task.last_status != "RUNNING":
            continue
        for container, pid in task.pids:
            if container not in containers:
                continue
            log = sink.path(service.name, container)
            offset = _size(log)
            try:
                os.kill(pid, signal.SIGHUP)
            except ProcessLookupError:
                continue  # it has just ended
            yield _Told(task.id, pid, log, offset)


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except FileNotFoundError:  # nothing was written yet, or it is just started again
        return 0
