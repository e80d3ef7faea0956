"""A task's resources on this machine, and the arguments of its processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bonkei.events import Endpoint
from bonkei.tasks import messages as m
from bonkei.tasks.execution.environment import translate_command, translate_ports
from bonkei.tasks.execution.process import ContainerProcess, ProcessSpec
from bonkei.tasks.task_spec import TaskSpec


@dataclass(slots=True)
class RunningTask:
    """From its preparation until it is released."""

    spec: TaskSpec
    scratch: Path
    endpoints: dict[m.PortKey, Endpoint] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    processes: dict[str, ContainerProcess] = field(default_factory=dict)
    jobs: set[asyncio.Task[None]] = field(default_factory=set)

    def process(self, container: str) -> ProcessSpec:
        """The container's own process. The task is prepared."""
        local = self.spec.local.container(container)
        words = (translate_command(local.localize(w), local, self.endpoints) for w in local.command)
        return self._spec(container, words)

    def beside(self, container: str, command: Iterable[str]) -> ProcessSpec:
        """Another process with the container's environment."""
        local = self.spec.local.container(container)
        words = (translate_ports(local.localize(word), self.endpoints) for word in command)
        return self._spec(container, words)

    def _spec(self, container: str, words: Iterable[str]) -> ProcessSpec:
        directory = self.spec.local.container(container).working_directory
        return ProcessSpec(container, tuple(words), directory, self.environments[container])
