"""Users' commands in the environment of a task: `bonkei run`, `exec` and `env`.

The miniature describes the process, and the command itself starts it. So the process has the user's
real terminal. The lent port and files are returned when the command ends.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

from bonkei.base.events import Bus, TaskStateChanged
from bonkei.base.processes import MARK, end_marked
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service, TaskDefinition
from bonkei.miniature.control.answering import Call, Handler
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.lifecycle.one_offs import find_definition
from bonkei.miniature.rollout.rollout import find_services
from bonkei.services.ecs import ProcessSpec, Tasks, among_ours
from bonkei.services.ecs.snapshot import TaskSnapshot
from bonkei.services.rds.binaries import client_programs

CREDENTIALS = frozenset({"AWS_CONTAINER_AUTHORIZATION_TOKEN"})
"""These variables give a task its role, so they are as secret as its secrets."""
_SHORTEST_ID = 4  # characters of a task's id


@dataclass(frozen=True, slots=True)
class Subject:
    """The task definition behind a name, and the service if the name is a service's."""

    definition: TaskDefinition
    service: Service | None = None

    def container(self, wanted: str) -> str:
        """The container: the named one, or the one that receives requests, or the first essential
        one. Raises MiniatureError for an unknown name."""
        known = [container.name for container in self.definition.containers]
        if wanted:
            if wanted not in known:
                raise MiniatureError(
                    f"{self.definition.family} has no container {wanted}",
                    remedy=f"there are: {', '.join(known)}",
                )
            return wanted
        served = [target.container_name for target in self.service.targets] if self.service else []
        essential = [c.name for c in self.definition.containers if c.essential]
        return next(iter([*served, *essential, *known]))


def handlers(current: Callable[[], tuple[Blueprint, Tasks | None]], bus: Bus) -> dict[str, Handler]:
    """The handlers of the three commands. They work as soon as there are tasks, healthy or not."""

    def now() -> tuple[Blueprint, Tasks]:
        blueprint, tasks = current()
        if tasks is None:
            raise MiniatureError("the miniature has not started yet", remedy="try again then")
        return blueprint, tasks

    async def on_run(call: Call) -> Any:
        return await lend(call, *now())

    async def on_exec(call: Call) -> Any:
        return beside(call, *now(), bus)

    async def on_environment(call: Call) -> Any:
        return await environment(call, *now())

    return {"run": on_run, "exec": on_exec, "environment": on_environment}


async def lend(call: Call, blueprint: Blueprint, tasks: Tasks) -> dict[str, Any]:
    """For `bonkei run`: the process of a new task with a different command."""
    subject = find_subject(blueprint, call.service)
    container = subject.container(str(call.arguments.get("container", "")))
    command = [str(word) for word in call.arguments["command"]]
    task_id, process = await tasks.lend(subject.definition, container, command)
    call.lent.append(lambda: tasks.give_back(task_id))
    return _as_dict(_marked(_executable(process), call), task_id, subject.definition)


def beside(call: Call, blueprint: Blueprint, tasks: Tasks, bus: Bus) -> dict[str, Any]:
    """For `bonkei exec`: another process for a running task, until the task has stopped. It counts
    with the task, as soon as the caller says its number. While the task drains and ends, a person
    may want to see what it does: ECS's agent, too, ends last."""
    task, subject = find_task(blueprint, tasks, call.service)
    container = _running(task, subject, str(call.arguments.get("container", "")))
    command = [str(word) for word in call.arguments["command"]]
    process = tasks.beside(task.id, container, command)

    def end_with_task(event: TaskStateChanged) -> None:
        if event.task_id == task.id and event.last_status == "STOPPED":
            call.over.set()

    def count(line: bytes) -> None:
        if line.strip().isdigit():
            tasks.count_with(task.id, int(line))

    call.lent.append(bus.subscribe(TaskStateChanged, end_with_task))
    call.hears.append(count)
    return _as_dict(_marked(_executable(process), call), task.id, subject.definition)


async def environment(call: Call, blueprint: Blueprint, tasks: Tasks) -> dict[str, Any]:
    """For `bonkei env`: the environment of a running task, or of a new one."""
    wanted = str(call.arguments.get("container", ""))
    try:
        task, subject = find_task(blueprint, tasks, call.service)
    except NotRunningError:
        subject = find_subject(blueprint, call.service)
        container = subject.container(wanted)
        task_id, process = await tasks.lend(subject.definition, container, ["true"])
        tasks.give_back(task_id)
        return _as_dict(process, "", subject.definition)
    process = tasks.beside(task.id, _running(task, subject, wanted), [])
    return _as_dict(process, task.id, subject.definition)


class NotRunningError(MiniatureError):
    """No task of that name runs."""


def find_subject(blueprint: Blueprint, name: str) -> Subject:
    """A service or a task definition, by its name or the end of it after a hyphen. MiniatureError
    lists the existing names."""
    services = find_services(blueprint, name)
    if len(services) == 1:
        [service] = services
        definition = blueprint.definition_of(service)
        if definition is None:
            raise MiniatureError(f"{service.name} has no task definition here")
        return Subject(definition, service)
    definitions = [] if services else find_definition(blueprint, name)
    if len(definitions) == 1:
        return Subject(definitions[0])
    many = [one.name for one in services] or [one.family for one in definitions]
    known = [service.name for service in blueprint.services]
    known += [one.family for one in blueprint.task_definitions]
    raise MiniatureError(
        f"more than one thing has the name {name}"
        if many
        else f"nothing that can run has the name {name}",
        remedy=f"there are: {', '.join(dict.fromkeys(many or sorted(known))) or 'none'}",
    )


def find_task(blueprint: Blueprint, tasks: Tasks, name: str) -> tuple[TaskSnapshot, Subject]:
    """A running task, by its id or the beginning of the id, or the newest task of a service.

    Raises NotRunningError and MiniatureError.
    """
    running = [task for task in tasks.snapshot().tasks if task.last_status == "RUNNING"]
    by_id = [task for task in running if len(name) >= _SHORTEST_ID and task.id.startswith(name)]
    if len(by_id) == 1:
        return by_id[0], _subject_of(blueprint, by_id[0])
    if by_id:
        raise MiniatureError(f"more than one task begins with {name}", remedy="give more of its id")
    subject = find_subject(blueprint, name)
    group = f"service:{subject.service.name}" if subject.service else ""
    of_it = [task for task in running if task.group == group]
    if not of_it:
        raise NotRunningError(
            f"no task of {name} runs",
            remedy="see `bonkei status`; `bonkei run` starts one of its own",
        )
    newest = max(of_it, key=lambda task: (task.health != "UNHEALTHY", task.started_at or 0.0))
    return newest, subject


def _subject_of(blueprint: Blueprint, task: TaskSnapshot) -> Subject:
    kind, _, name = task.group.partition(":")
    subject = find_subject(blueprint, name)
    return subject if kind == "service" else replace(subject, service=None)


def _running(task: TaskSnapshot, subject: Subject, wanted: str) -> str:
    """The container, among the running ones. Containers that are left out here do not count."""
    running = [name for name, _ in task.pids]
    container = subject.container(wanted)
    return container if wanted or container in running or not running else running[0]


def _executable(process: ProcessSpec) -> ProcessSpec:
    """With its program's path. PostgreSQL's own programs are found behind those of the PATH."""
    if process.root is not None and process.root.machine is None:
        return among_ours(process)
    path = os.pathsep.join([process.environment.get("PATH", os.defpath), client_programs()])
    found = replace(process, environment={**process.environment, "PATH": path})
    return among_ours(found)


def _marked(process: ProcessSpec, call: Call) -> ProcessSpec:
    """With a mark, by which all that the command starts ends with it. `bonkei` sees to that, and
    the miniature where `bonkei` was killed."""
    mark = token_hex(8)

    def end_what_is_left() -> None:
        if not call.over.is_set():  # else the command has time to end: `bonkei` waits for it
            asyncio.get_running_loop().run_in_executor(None, end_marked, mark)

    call.lent.append(end_what_is_left)
    return replace(process, environment={**process.environment, MARK: mark})


def _as_dict(process: ProcessSpec, task_id: str, definition: TaskDefinition) -> dict[str, Any]:
    """`task`: empty if none runs. `secrets`: the names of secret variables."""
    secrets = [
        name
        for container in definition.containers
        if container.name == process.name
        for name, _ in container.secrets
    ]
    return {
        "task": task_id,
        "container": process.name,
        "command": list(process.command),
        "directory": str(process.directory),
        "environment": dict(process.environment),
        "secrets": sorted({*secrets, *(CREDENTIALS & process.environment.keys())}),
    }
