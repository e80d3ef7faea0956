"""One-off commands in their own tasks: a migration, the first data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bonkei.base.appending import append
from bonkei.base.tracebacks import raised
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service, TaskDefinition
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.config import OneOff
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.steps import Steps
from bonkei.services.ecs import Tasks


def task_definition(blueprint: Blueprint, one_off: OneOff) -> TaskDefinition:
    """The task definition that a one-off names by its family, or by the part of it after a
    hyphen."""
    wanted = one_off.task_definition
    found = find_definition(blueprint, wanted)
    if len(found) != 1:
        known = ", ".join(sorted(definition.family for definition in blueprint.task_definitions))
        trouble = "no task definition" if not found else "more than one task definition"
        raise MiniatureError(
            f"bonkei.toml: [[run]] {one_off.name!r} names {wanted!r}: {trouble} has that name",
            remedy=f"there are: {known or 'none'}",
        )
    return found[0]


def find_definition(blueprint: Blueprint, name: str) -> list[TaskDefinition]:
    """The newest definition of the family with this name, or of each family that ends in it after a
    hyphen: as for ECS when a family is named alone."""
    in_order = sorted(blueprint.task_definitions, key=lambda one: one.revision)
    newest = {one.family: one for one in in_order}
    if name in newest:
        return [newest[name]]
    return [one for one in newest.values() if one.family.endswith(f"-{name}")]


class OneOffError(MiniatureError):
    """A command has failed, so no new task may start."""


class Started:
    """Remembers in one small file the first-start commands that have succeeded."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def due(self, one_offs: Iterable[OneOff]) -> list[OneOff]:
        """The commands to run now, in the order of bonkei.toml."""
        done = set(self._file.read_text().splitlines()) if self._file.exists() else set()
        return [one for one in one_offs if one.when == "each-start" or one.name not in done]

    def remember(self, one_off: OneOff) -> None:
        if one_off.when == "first-start":
            append(self._file, f"{one_off.name}\n")


class OneOffs:
    """Runs the due commands before new tasks start: at a start, or at an apply or a restart.

    A release has its Migrate stage at this point, because the database must be ready before the new
    tasks.
    """

    def __init__(self, one_offs: Iterable[OneOff], started: Started) -> None:
        self._one_offs = tuple(one_offs)
        self._started = started
        self._served: tuple[DatabaseCluster, ...] | None = None

    def have_served(self, clusters: Sequence[DatabaseCluster]) -> bool:
        """Whether all due commands have succeeded since these databases were declared."""
        return self._served == tuple(clusters)

    async def run(
        self, blueprint: Blueprint, tasks: Tasks, steps: Steps, service: Service | None = None
    ) -> None:
        """Run the due commands. With `service`, only those in its containers. The first failure
        raises OneOffError and ends the run. Without any task definition nothing runs: a pipeline
        has not applied the definitions yet."""
        due = self._started.due(self._one_offs) if blueprint.task_definitions else []
        if service is not None:
            due = [one for one in due if one.container in _containers(blueprint, service)]
        for one_off in due:
            with steps.step(one_off.name) as step:
                step.detail = " ".join(one_off.command)
                await _run(one_off, blueprint, tasks)
            self._started.remember(one_off)
        if service is None:
            self._served = tuple(blueprint.database_clusters)


def _containers(blueprint: Blueprint, service: Service) -> set[str]:
    definition = blueprint.definition_of(service)
    return {container.name for container in definition.containers} if definition else set()


async def _run(one_off: OneOff, blueprint: Blueprint, tasks: Tasks) -> None:
    definition = task_definition(blueprint, one_off)
    outcome = await tasks.run_task(definition, one_off.container, one_off.command)
    if outcome.exit_code != 0:
        why = raised(outcome.output) or outcome.reason or f"exit code {outcome.exit_code}"
        raise OneOffError(
            f"{one_off.name}: {why}",
            remedy="\n".join(
                [
                    "its last words:",
                    *outcome.output[-20:],
                    f"all of them: `bonkei logs {definition.family}`",
                ]
            ),
        )
