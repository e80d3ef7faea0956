"""What a task is made of, as the scheduler is told."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.service import ServiceTarget, TaskDefinition
from bonkei.tasks.images.local import LocalTask
from bonkei.tasks.messages import PortKey


@dataclass(frozen=True, slots=True)
class Registrations:
    """Where a service's tasks make themselves known; `endpoints`: (port name, its port)."""

    targets: tuple[ServiceTarget, ...] = ()
    endpoints: tuple[tuple[str, PortKey], ...] = ()

    @property
    def containers(self) -> frozenset[str]:
        return frozenset(
            [target.container_name for target in self.targets]
            + [container for _, (container, _) in self.endpoints]
        )


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """What a task is made of. `group`: its service's name, or its family when it has none.

    `drain_timeout` (seconds) bounds the wait for TargetDrained, should nobody say it.
    """

    local: LocalTask
    group: str
    registrations: Registrations = Registrations()
    drain_timeout: float = 310.0

    @property
    def definition(self) -> TaskDefinition:
        return self.local.definition
