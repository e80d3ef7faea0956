"""The containers' requirements before the start, and remedies for containers that cannot run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.config import ContainerSource, FolderProgram
from bonkei.miniature.steps import Report, Steps
from bonkei.services.ecs import TaskError, TasksSnapshot
from bonkei.services.ecs.compose import content_notes
from bonkei.services.ecs.images.local import LocalTask, local_task


@dataclass(frozen=True, slots=True)
class Preparation:
    """`requirements`: what to install, by the container's name. `programs`: folders to prepare.
    `notes`: for the user."""

    requirements: Mapping[str, tuple[Path | str, ...]]
    notes: tuple[str, ...]
    programs: tuple[FolderProgram, ...] = ()

    @property
    def summary(self) -> str:
        count, made = len(self.requirements), len(self.programs)
        packages = f"{count} with packages of {'its' if count == 1 else 'their'} own"
        parts = (packages if count else "", f"{made} to prepare" if made else "")
        return ", ".join(part for part in parts if part)


def prepare(
    blueprint: Blueprint, sources: Mapping[str, ContainerSource], images: Collection[str] = ()
) -> Preparation:
    """Prepare every container in the definitions, but those that run from `images`. Reads
    Dockerfiles and requirements."""
    local_tasks = [
        local_task(definition, sources, serving=frozenset())
        for definition in blueprint.task_definitions
    ]
    requirements = {
        container.container.name: container.content.requirements
        for task in local_tasks
        for container in task.containers
        if container.content.requirements
    }
    programs = [
        each.program
        for task in local_tasks
        for each in task.containers
        if each.program and each.program.prepare
    ]
    return Preparation(
        requirements,
        tuple(dict.fromkeys(_notes(local_tasks, images))),
        tuple(dict.fromkeys(programs)),
    )


def programs_of(
    service: Service | None, blueprint: Blueprint, sources: Mapping[str, ContainerSource]
) -> tuple[FolderProgram, ...]:
    """The folders to prepare for the tasks of a service, or of all."""
    services = [service] if service else blueprint.services
    arns = {each.task_definition_arn for each in services}
    found = tuple(each for each in blueprint.task_definitions if each.arn in arns)
    return prepare(Blueprint(task_definitions=found), sources).programs


Install = Callable[[Sequence[Path | str], Path, Report], Awaitable[Path]]


async def prepare_containers(
    blueprint: Blueprint,
    sources: Mapping[str, ContainerSource],
    images: Collection[str],
    install: Install,
    make_ready: Callable[[FolderProgram], Awaitable[None]],
    environments: Path,
    steps: Steps,
) -> None:
    """Create the containers' own environments in parallel, before the first one is needed."""

    async def is_done(work: Awaitable[object]) -> bool:
        """Returns False after a failure. Then only the tasks that need it cannot start."""
        try:
            await work
        except TaskError as error:
            steps.note(f"{error.message}\n{indent(error.remedy, '  ')}")
            return False
        return True

    with steps.step("containers") as step:
        needed = await asyncio.to_thread(prepare, blueprint, dict(sources), images)
        step.detail = needed.summary
        for note in (*needed.notes, *_notes_of_place(environments)):
            steps.note(note)
        work: list[Awaitable[object]] = [
            install(wanted, environments, steps.note)
            for wanted in dict.fromkeys(needed.requirements.values())
        ]
        work += map(make_ready, needed.programs)
        step.failed = not all(await asyncio.gather(*map(is_done, work)))


def _notes_of_place(path: Path) -> Iterator[str]:
    if os.pathsep in str(path):
        yield "\n".join(
            [
                f"a {os.pathsep!r} in a path separates folders in PATH: below {path.parent},",
                "programs of containers and builds are not found by their names",
                "  let BONKEI_HOME name a folder without it, or move the project",
            ]
        )


def _notes(local_tasks: list[LocalTask], images: Collection[str]) -> Iterator[str]:
    for task in local_tasks:
        reasons = dict(task.left_out)
        definition = task.definition
        elsewhere = {c.name for c in definition.containers if definition.key_of(c, images)}
        for name, remedy in (one for one in task.remedies if one[0] not in elsewhere):
            yield "\n".join(
                [
                    f"{name} is not run: {reasons[name].removeprefix('essential; ')}",
                    *_indented(remedy),
                ]
            )
        for container in task.containers:
            if container.container.firelens is not None:
                continue
            for text in content_notes(container.content):
                yield f"{container.container.name}: {text}"


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def nothing_runs(blueprint: Blueprint, tasks: TasksSnapshot | None, listeners: int) -> str:
    """Why nothing runs here; empty if something does."""
    wanted = [service for service in blueprint.services if service.capacity]
    services = tasks.services if tasks else ()
    if not wanted:
        runs = blueprint.stores or listeners or services or blueprint.pipelines
        idle = not runs
        return "the definitions have nothing that runs here" if idle else ""
    refused = {service.arn: service.refused for service in services}
    if not all(
        refused.get(service.arn, "its task definition is not defined") for service in wanted
    ):
        return ""
    names = ", ".join(sorted(service.name for service in wanted))
    return f"nothing runs: no container of {names} can be run here"
