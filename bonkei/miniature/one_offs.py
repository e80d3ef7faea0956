"""The commands that are run once in a task of their own: a migration, the first data."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import TaskDefinition
from bonkei.config import OneOff
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.steps import Steps
from bonkei.tasks import Tasks


def task_definition(blueprint: Blueprint, one_off: OneOff) -> TaskDefinition:
    """The task definition that a one-off names: its family, or what follows a hyphen in it."""
    wanted = one_off.task_definition
    found = [
        definition
        for definition in blueprint.task_definitions
        if definition.family == wanted or definition.family.endswith(f"-{wanted}")
    ]
    if len(found) != 1:
        known = ", ".join(sorted(definition.family for definition in blueprint.task_definitions))
        trouble = "no task definition" if not found else "more than one task definition"
        raise MiniatureError(
            f"bonkei.toml: [[run]] {one_off.name!r} names {wanted!r}: {trouble} is called so",
            remedy=f"there are: {known or 'none'}",
        )
    return found[0]


class Started:
    """Remembers which first-start commands have succeeded, in one small file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def due(self, one_offs: Iterable[OneOff]) -> list[OneOff]:
        """Those that have to run now, in the order of bonkei.toml."""
        done = set(self._file.read_text().splitlines()) if self._file.exists() else set()
        return [one for one in one_offs if one.when == "each-start" or one.name not in done]

    def remember(self, one_off: OneOff) -> None:
        if one_off.when == "first-start":
            with self._file.open("a") as file:
                file.write(f"{one_off.name}\n")


async def run_due(
    one_offs: Iterable[OneOff], blueprint: Blueprint, tasks: Tasks, started: Started, steps: Steps
) -> None:
    """Run those that have to run now, each to its end. MiniatureError for the first that fails."""
    for one_off in started.due(one_offs):
        with steps.step(one_off.name) as step:
            step.detail = " ".join(one_off.command)
            await _run(one_off, blueprint, tasks)
        started.remember(one_off)


async def _run(one_off: OneOff, blueprint: Blueprint, tasks: Tasks) -> None:
    definition = task_definition(blueprint, one_off)
    outcome = await tasks.run_task(definition, one_off.container, one_off.command)
    if outcome.exit_code != 0:
        raise MiniatureError(
            f"{one_off.name}: {outcome.reason or f'exit code {outcome.exit_code}'}",
            remedy="\n".join(["its last words:", *outcome.output[-20:]]),
        )
