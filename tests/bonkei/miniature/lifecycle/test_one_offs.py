"""Commands before new tasks: all due commands run in order, and a failed one stops the later
ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service, TaskDefinition
from bonkei.config import OneOff
from bonkei.miniature.lifecycle.one_offs import OneOffError, OneOffs, Started
from bonkei.miniature.steps import Steps
from bonkei.services.ecs import TaskOutcome


def definition(family: str, container: str) -> TaskDefinition:
    return TaskDefinition("a", f"arn:{family}", family, 1, 256, 512, (Container(container, "i"),))


def service(name: str) -> Service:
    return Service("a", f"arn:{name}", name, "cluster", f"arn:app-{name}", 1)


BACKEND, FRONTEND = service("backend"), service("frontend")
BLUEPRINT = Blueprint(
    services=(BACKEND, FRONTEND),
    task_definitions=(
        definition("app-backend", "backend"),
        definition("app-frontend", "frontend"),
        definition("app-migrate", "backend"),
    ),
)
MIGRATION = OneOff("migration", "app-migrate", "backend", ("migrate",), "each-start")
SAMPLE = OneOff("sample data", "app-backend", "backend", ("sample",), "first-start")
ASSETS = OneOff("assets", "app-frontend", "frontend", ("assets",), "each-start")


class Machine:
    """Runs nothing. It records the requests, and fails when it is set to."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.code = 0

    async def run_task(self, _: Any, __: str, command: Sequence[str]) -> TaskOutcome:
        self.ran.append(" ".join(command))
        return TaskOutcome(self.code, "", ("column x is missing",))


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def one_offs(tmp_path: Path) -> OneOffs:
    return OneOffs((MIGRATION, SAMPLE, ASSETS), Started(tmp_path / "started"))


async def run(one_offs: OneOffs, machine: Machine, only: Service | None = None) -> list[str]:
    machine.ran.clear()
    await one_offs.run(BLUEPRINT, machine, Steps(lambda _: None), only)  # type: ignore[arg-type]
    return machine.ran


async def test_all_due_commands_run_each_time_and_a_service_has_its_own(
    one_offs: OneOffs, machine: Machine
) -> None:
    assert await run(one_offs, machine) == ["migrate", "sample", "assets"]
    assert await run(one_offs, machine) == ["migrate", "assets"]
    assert await run(one_offs, machine, BACKEND) == ["migrate"]
    assert await run(one_offs, machine, FRONTEND) == ["assets"]


async def test_a_failed_command_stops_the_later_ones(one_offs: OneOffs, machine: Machine) -> None:
    machine.code = 3
    for only in (None, BACKEND):
        with pytest.raises(OneOffError) as caught:
            await run(one_offs, machine, only)
        assert machine.ran == ["migrate"]
    assert caught.value.message == "migration: exit code 3"
    assert "column x is missing" in caught.value.remedy
    assert "`bonkei logs app-migrate`" in caught.value.remedy
    machine.code = 0
    assert await run(one_offs, machine, FRONTEND) == ["assets"]
    assert await run(one_offs, machine) == ["migrate", "sample", "assets"]


async def test_before_the_first_apply_no_command_is_due(
    one_offs: OneOffs, machine: Machine
) -> None:
    """A pipeline applies the definitions later. Then the first start is due."""
    await one_offs.run(Blueprint(), machine, Steps(lambda _: None))  # type: ignore[arg-type]
    assert machine.ran == []
    assert await run(one_offs, machine) == ["migrate", "sample", "assets"]
