"""A machine that exists only in numbers.

It carries out the scheduler's actions on its own clock. Containers start after `start_delay` and
end at once when they are terminated, unless a test sets another value. The simulation records every
action with its time.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bonkei.base.events import (
    DeploymentStateChanged,
    Endpoint,
    Event,
    TargetDeregistered,
    TargetRegistered,
    TaskStateChanged,
)
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.grammar.dockerfile.image import Image
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.images.content import Content
from bonkei.services.ecs.images.local import LocalContainer, LocalTask
from bonkei.services.ecs.scheduling.rolling import Limits
from bonkei.services.ecs.scheduling.scheduler import Scheduler
from bonkei.services.ecs.scheduling.service_state import ServiceSpec
from bonkei.services.ecs.task_spec import Registrations, TaskSpec

SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/main/web"


def task_spec(
    definition: TaskDefinition, registrations: Registrations | None = None, without: str = ""
) -> TaskSpec:
    local_containers = tuple(
        LocalContainer(c, Content(Path("/")), Image(c.image), ("run",), Path("/"))
        for c in definition.containers
        if c.name != without
    )
    return TaskSpec(
        LocalTask(definition, local_containers),
        definition.family,
        registrations or Registrations(),
        30.0,
    )


def service_spec(task: TaskSpec, desired: int = 1, key: str = "", **changes: Any) -> ServiceSpec:
    limits = Limits(desired, changes.pop("minimum", 100), changes.pop("maximum", 200))
    return ServiceSpec(SERVICE, "web", limits, task, key or task.definition.arn, **changes)


@dataclass
class Simulation:
    """`probes` and `exits` set the results of health checks and signals, by container."""

    start_delay: float = 1.0
    probes: Callable[[str, str, float], bool] = lambda task, container, now: True
    ignores_sigterm: frozenset[str] = frozenset()
    healthy_after: float | None = 1.0  # None: the load balancer reports nothing
    target_state: str = "healthy"  # the load balancer's report then
    drains_after: float | None = 1.0
    fails_to_prepare: str = ""
    now: float = 1000.0
    history: list[tuple[float, m.Action]] = field(default_factory=list)

    def __post_init__(self) -> None:
        ids = itertools.count(1)
        self.scheduler = Scheduler(lambda: f"{next(ids):032x}")
        self._events: list[tuple[float, int, Callable[[], list[m.Action]]]] = []
        self._order = itertools.count()

    # Actions of a test.

    def want(self, *specs: ServiceSpec) -> None:
        self.carry_out(self.scheduler.reconcile(specs, self.now))

    def happen(self, event: m.TaskEvent, after: float = 0.0) -> None:
        self._later(after, lambda: self.scheduler.handle(event, self.now))

    def target_health(self, task_id: str, state: str, group: str, after: float = 0.0) -> None:
        self._later(after, lambda: self.scheduler.target_health(group, task_id, state, self.now))

    def run(self, seconds: float) -> None:
        """Let time pass, event by event, deadline by deadline."""
        end = self.now + seconds
        for _ in range(100_000):
            deadline = self.scheduler.deadline(self.now)
            upcoming = [t for t in (deadline, self._events[0][0] if self._events else None) if t]
            if not upcoming or min(upcoming) > end:
                self.now = end
                return
            self.now = max(self.now, min(upcoming))
            if self._events and self._events[0][0] <= self.now:
                self.carry_out(heapq.heappop(self._events)[2]())
            else:
                self.carry_out(self.scheduler.tick(self.now))
        raise AssertionError("the scheduler turns in circles")

    # Questions of a test.

    def actions(self, kind: type[Any]) -> list[Any]:
        return [action for _, action in self.history if isinstance(action, kind)]

    def published(self, kind: type[Event]) -> list[Any]:
        return [p.event for p in self.actions(m.Publish) if isinstance(p.event, kind)]

    def statuses(self, task_id: str) -> list[str]:
        events = [e for e in self.published(TaskStateChanged) if e.task_id == task_id]
        return list(dict.fromkeys(event.last_status for event in events))

    def rollouts(self) -> list[str]:
        return [event.rollout_state for event in self.published(DeploymentStateChanged)]

    def time_of(self, action: m.Action) -> float:
        return next(time for time, other in self.history if other == action)

    def running(self) -> list[str]:
        return [i for i, life in self.scheduler.tasks.items() if not life.stop_requested]

    # Reactions of the machine.

    def carry_out(self, actions: Iterable[m.Action]) -> None:
        for action in actions:
            self.history.append((self.now, action))
            self.answer(action)

    def answer(self, action: m.Action) -> None:
        match action:
            case m.PrepareTask(task_id=task):
                if self.fails_to_prepare:
                    self.happen(m.PreparationFailed(task, self.fails_to_prepare), 0.1)
                else:
                    self.happen(m.TaskPrepared(task, self._endpoints(task)), 0.1)
            case m.StartContainer(task_id=task, container=name):
                self.happen(m.ContainerStarted(task, name, 4711), self.start_delay)
            case m.ProbeHealth(task_id=task, container=name):
                succeeded = self.probes(task, name, self.now)
                self.happen(m.HealthProbed(task, name, succeeded), 0.1)
            case m.TerminateContainer(task_id=task, container=name):
                if name not in self.ignores_sigterm:
                    self.happen(m.ContainerExited(task, name, 0), 0.1)
            case m.KillContainer(task_id=task, container=name):
                self.happen(m.ContainerExited(task, name, 137), 0.1)
            case m.Publish(event=event):
                self._balance(event)

    def _balance(self, event: Event) -> None:
        """The load balancer's answers."""
        match event:
            case TargetRegistered(target_group_arn=group, task_id=task):
                if self.healthy_after is not None:
                    self.target_health(task, self.target_state, group, self.healthy_after)
            case TargetDeregistered(target_group_arn=group, task_id=task):
                if self.drains_after is not None:
                    self._later(
                        self.drains_after,
                        lambda: self.scheduler.target_drained(group, task, self.now),
                    )

    def _endpoints(self, task: str) -> tuple[tuple[m.PortKey, Endpoint], ...]:
        number = 20000 + int(task, 16)
        containers: list[Container] = [
            local.container for local in self.scheduler.tasks[task].spec.local.containers
        ]
        return tuple(
            ((c.name, p.container_port), Endpoint("127.0.0.1", number))
            for c in containers
            for p in c.port_mappings
        )

    def _later(self, after: float, what: Callable[[], list[m.Action]]) -> None:
        heapq.heappush(self._events, (self.now + after, next(self._order), what))
