"""Tasks of a web service for the simulation, and what it has seen of them."""

from __future__ import annotations

from bonkei.blueprint.ecs import Container, ContainerDependency, ContainerHealthCheck
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.task_spec import Registrations

from .conftest import TARGETS, definition, web_container
from .simulation import Simulation, task_spec

WEB = Registrations(TARGETS, (("http", ("web", 8000)),))
CHECK = ContainerHealthCheck(("CMD-SHELL", "check"), interval=10, timeout=5, retries=3)


def web_task(revision: int = 1, **changes):
    return task_spec(definition(web_container(**changes), revision=revision), WEB)


def container(name: str, *needs: tuple[str, str], **changes) -> Container:
    depends_on = tuple(ContainerDependency(*need) for need in needs)
    return Container(name=name, image=name, depends_on=depends_on, **changes)


def started(simulation: Simulation) -> list[str]:
    return [action.container for action in simulation.actions(m.StartContainer)]


def terminated(simulation: Simulation) -> list[str]:
    return [action.container for action in simulation.actions(m.TerminateContainer)]
