"""The specification of a task for the scheduler."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.ecs import ServiceTarget, TaskDefinition
from bonkei.services.ecs.images.local import LocalTask
from bonkei.services.ecs.messages import PortKey


@dataclass(frozen=True, slots=True)
class Registrations:
    """The target groups and endpoints of a service's tasks. `endpoints`: (port name, its port).
    `proxied`: the containers that Service Connect's endpoints lead to."""

    targets: tuple[ServiceTarget, ...] = ()
    endpoints: tuple[tuple[str, PortKey], ...] = ()
    proxied: frozenset[str] = frozenset()

    @property
    def serving(self) -> frozenset[str]:
        """The containers without which the task serves nothing. A name in Cloud Map names none."""
        return self.proxied.union(target.container_name for target in self.targets)

    @property
    def containers(self) -> frozenset[str]:
        return frozenset(
            [target.container_name for target in self.targets]
            + [container for _, (container, _) in self.endpoints]
        )


@dataclass(frozen=True, slots=True)
class ContainerOverride:
    """The changes to a container by `run-task`: its command (None: as defined), and added or
    replaced variables."""

    name: str
    command: tuple[str, ...] | None = None
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """The specification of a task. `group`: its service's name, or its family without a service.
    `started_by`: the value of `run-task`.

    `drain_timeout` (seconds) limits the wait for TargetDrained.
    """

    local: LocalTask
    group: str
    registrations: Registrations = Registrations()
    drain_timeout: float = 310.0
    started_by: str = ""

    @property
    def definition(self) -> TaskDefinition:
        return self.local.definition
