"""Decides what runs: services, deployments and tasks, without any I/O.

Every method takes the time (monotonic seconds) and returns actions to carry out in order. `handle`
takes their results as events. `deadline` is the time of the next `tick` without an event. The same
history gives the same decisions, on any clock and any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain

from bonkei.base.events import DesiredCountChanged
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.scheduling import circuit_breaker, deployments, traffic
from bonkei.services.ecs.scheduling.lifecycle import TaskLifecycle
from bonkei.services.ecs.scheduling.rolling import Counts, Limits, Step, next_step
from bonkei.services.ecs.scheduling.service_state import (
    Deployment,
    ServiceSpec,
    ServiceState,
    ServiceTask,
)
from bonkei.services.ecs.task_spec import TaskSpec

STUCK = (
    "was unable to stop or start tasks during a deployment because of the service deployment "
    "configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
)


class Scheduler:
    """`new_id` generates task ids. Other code may read `services` and `tasks`, but never write
    them."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self.services: dict[str, ServiceState] = {}
        self.tasks: dict[str, TaskLifecycle] = {}
        self._ringing: frozenset[str] = frozenset()

    # Targets.

    def reconcile(
        self, specs: Iterable[ServiceSpec], now: float, only: Collection[str] = ()
    ) -> list[m.Action]:
        """Set the wanted services. A service that is no longer among them is removed."""
        wanted = {spec.arn: spec for spec in specs}
        actions: list[m.Action] = []
        for arn, service in self.services.items():
            service.removed = arn not in wanted
        for arn, spec in wanted.items():
            service = self.services.setdefault(arn, ServiceState(spec))
            service.follow(spec)
            primary = service.primary
            if only and arn not in only and primary is not None:
                continue  # one that was rolled back is not tried again because of another service
            if deployments.is_needed(spec, primary):
                actions += deployments.begin(service, self._new_id, self._ringing, now)
        return actions + self._decide(now)

    def would_deploy(self, specs: Iterable[ServiceSpec]) -> bool:
        """Whether `reconcile` with these would begin a deployment of any service."""
        known = self.services
        return any(
            deployments.is_needed(spec, known[spec.arn].primary if spec.arn in known else None)
            for spec in specs
        )

    def run(self, spec: TaskSpec, now: float) -> tuple[str, list[m.Action]]:
        """Start one task outside services."""
        life = TaskLifecycle(self._new_id(), spec)
        self.tasks[life.task_id] = life
        return life.task_id, list(life.begin(now))

    def forget(self, task_id: str) -> None:
        """Drop a stopped task outside services."""
        self.tasks.pop(task_id, None)

    def scale(self, arn: str, desired: int, cause: str, now: float) -> list[m.Action]:
        """Set the number of a service's tasks for auto scaling."""
        service = self.services.get(arn)
        if service is None:
            return []
        service.scaled, service.scaled_because = desired, cause
        return [m.Publish(DesiredCountChanged(arn, desired, cause)), *self._decide(now)]

    def stop_task(self, task_id: str, reason: str, now: float) -> list[m.Action]:
        """Stop one task; a service replaces it."""
        life = self.tasks.get(task_id)
        service = self.services.get(life.service_arn) if life else None
        if service is not None and task_id in service.tasks:
            service.tasks[task_id].failure = reason  # intended, as in `_stop`
        return [*(life.stop(reason, now) if life else ()), *self._decide(now)]

    def stop_all(self, reason: str, now: float) -> list[m.Action]:
        """Stop everything now, without waiting for connections to drain."""
        for service in self.services.values():
            service.removed = True
        stops = (life.stop(reason, now, drain=False) for life in self.tasks.values())
        return [*chain.from_iterable(stops), *self._decide(now)]

    # Events.

    def handle(self, event: m.TaskEvent, now: float) -> list[m.Action]:
        """Handle an event of a task. Events of unknown tasks are ignored."""
        life = self.tasks.get(event.task_id)
        return [*(life.handle(event, now) if life else ()), *self._decide(now)]

    def target_health(self, arn: str, task_id: str, state: str, now: float) -> list[m.Action]:
        """A task's health at the load balancer has changed."""
        life = self.tasks.get(task_id)
        if life is not None:
            life.target_health[arn] = state
        return self._decide(now)

    def alarm(self, name: str, *, rings: bool, now: float) -> list[m.Action]:
        """The state of an alarm has changed."""
        self._ringing = self._ringing | {name} if rings else self._ringing - {name}
        return self._decide(now)

    def hook_answered(self, call: m.CallHook, verdict: str, now: float) -> list[m.Action]:
        """A lifecycle hook has decided. `verdict`: why the deployment may not go on, or empty."""
        for primary in self._primary(call.service_arn, call.deployment_id):
            primary.unasked -= {call.hook}
            if verdict:
                primary.objection = f"{circuit_breaker.HOOKS}: {verdict}."
        return self._decide(now)

    def stop_deployment(self, arn: str, deployment_id: str, now: float) -> list[m.Action]:
        """A person ends a deployment: the service goes back."""
        for primary in self._primary(arn, deployment_id):
            primary.objection = f"{circuit_breaker.STOPPED}."
        return self._decide(now)

    def _primary(self, arn: str, deployment_id: str) -> Iterator[Deployment]:
        """That deployment of a service, if it is the primary one."""
        service = self.services.get(arn)
        if service and service.primary and service.primary.id == deployment_id:
            yield service.primary

    def target_drained(self, arn: str, task_id: str, now: float) -> list[m.Action]:
        """The load balancer has drained a task."""
        life = self.tasks.get(task_id)
        return [*(life.drained(arn, now) if life else ()), *self._decide(now)]

    def tick(self, now: float) -> list[m.Action]:
        """Handle the deadlines that have passed."""
        ticks = [life.tick(now) for life in tuple(self.tasks.values())]
        return [*chain.from_iterable(ticks), *self._decide(now)]

    def deadline(self, now: float) -> float | None:
        """When `tick` is due next; None if only events can change anything."""
        times = [t for life in self.tasks.values() if (t := life.deadline()) is not None]
        for service in self.services.values():
            times += [t for t in service.deadlines() if t > now]
        return min(times, default=None)

    @property
    def is_steady(self) -> bool:
        """Whether every service has its tasks and none is stopping. As on ECS, a service after a
        rollback is steady, too: see `ServiceState.failed`."""
        return all(
            service.primary is not None and service.primary.rollout_state == "COMPLETED"
            for service in self.services.values()
            if not service.spec.refused
        ) and not any(life.stop_requested for life in self.tasks.values())

    # Decisions.

    def _decide(self, now: float) -> list[m.Action]:
        actions: list[m.Action] = []
        for service in tuple(self.services.values()):
            while step := self._step(service, now):
                actions += step
            actions += self._settle(service, now)
        return actions

    def _step(self, service: ServiceState, now: float) -> list[m.Action]:
        """One round for one service; empty if there is nothing to do."""
        service.note_failures(now)
        if service.primary is None:
            return []
        actions = list(deployments.break_circuit(service, service.primary, self._ringing, now))
        primary = service.deployments[0]
        if primary.phases:
            actions += deployments.shift(service, primary, now)
        if primary.phases:
            for one in tuple(service.deployments):
                stays = one in (primary, service.production)
                stays = stays and one.phase.stage not in traffic.BEFORE
                limits = service.limits if stays else Limits(0, 0)
                actions += self._move(service, one, limits, service.counts(one), now, alone=True)
        else:
            actions += self._move(service, primary, service.limits, service.counts(), now)
        if service.spec.phases:
            actions += deployments.answer_calls(service)
        return actions

    def _move(
        self, service: ServiceState, deployment: Deployment, limits: Limits, counts: Counts,
        now: float, *, alone: bool = False,
    ) -> Iterator[m.Action]:  # fmt: skip
        """Start and stop tasks of a deployment; unless it is looked at `alone`, it takes the places
        of earlier ones."""
        launching = service.removed or deployment.rollout_state != "FAILED"
        step = next_step(limits, counts, launching=launching)
        service.stuck = step.stuck
        yield from self._stop(service, step, now, deployment if alone else None)
        if step.start and now >= deployment.backoff.not_before:
            yield from self._start(service, deployment, step.start, now)

    def _start(
        self, service: ServiceState, deployment: Deployment, count: int, now: float
    ) -> Iterator[m.Action]:
        for _ in range(count):
            life = TaskLifecycle(
                self._new_id(), deployment.task, service.spec.arn, started_by=deployment.id
            )
            if service.spec.phases:
                life.answers_calls = deployment is deployments.answering(service)
            self.tasks[life.task_id] = life
            service.tasks[life.task_id] = ServiceTask(life, deployment)
            yield from life.begin(now)

    def _stop(
        self, service: ServiceState, step: Step, now: float, of: Deployment | None
    ) -> Iterator[m.Action]:
        scaling = f"Scaling activity initiated by (deployment {_primary_id(service)})"
        surplus = service.of_kind("new_pending", of)[::-1]
        surplus += service.of_kind("new_healthy", of)[::-1]
        chosen = [
            *service.of_kind("new_failed", of)[: step.stop_new_failed],
            *service.of_kind("old_unhealthy")[: step.stop_old_unhealthy],
            *service.of_kind("old_healthy")[: step.stop_old_healthy],
            *surplus[: step.stop_new_surplus],
        ]
        for task in chosen:
            reason = task.failure or scaling
            task.failure = reason  # intended: it says nothing about the deployment
            yield from task.life.stop(reason, now)

    def _settle(self, service: ServiceState, now: float) -> Iterator[m.Action]:
        """Forget stopped tasks, and report a completed deployment."""
        for task_id, task in tuple(service.tasks.items()):
            if task.life.status == "STOPPED":
                service.stopped.append(task.life)
                del service.tasks[task_id], self.tasks[task_id]
        in_use = {id(task.deployment) for task in service.tasks.values()}
        primary = service.primary
        in_use |= {id(primary), id(service.failed), id(service.production)}
        service.deployments = [d for d in service.deployments if id(d) in in_use]
        if service.removed and not service.tasks:
            del self.services[service.spec.arn]
        elif primary is None or primary.phases or service.removed:
            return
        elif primary.is_in_progress:
            yield from deployments.end_of_rolling(service, primary, now)


def _primary_id(service: ServiceState) -> str:
    return service.primary.id if service.primary else ""
