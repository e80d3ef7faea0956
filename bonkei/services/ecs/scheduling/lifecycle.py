"""One task's life, from PROVISIONING to STOPPED, as pure decisions.

Source: "Amazon ECS task lifecycle", "ContainerDefinition: stopTimeout", "Restart individual
containers in Amazon ECS tasks with container restart policies" (docs.aws.amazon.com). The
statuses ACTIVATING and DEPROVISIONING do not occur, because they would pass too quickly.
Registration with target groups waits for the health checks of the registered containers. So no
request reaches a process that cannot answer yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bonkei.base.events import (
    Endpoint,
    ServiceEndpointAdded,
    ServiceEndpointRemoved,
    TargetDeregistered,
    TargetRegistered,
    TaskStateChanged,
)
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.scheduling import dependencies
from bonkei.services.ecs.scheduling.container_health import (
    HEALTHY,
    UNHEALTHY,
    UNKNOWN,
    HealthRecord,
    is_monitored,
)
from bonkei.services.ecs.scheduling.container_state import ContainerState, listening_elsewhere
from bonkei.services.ecs.task_spec import TaskSpec

_OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
"""Source: "Stopped tasks error messages" in the Amazon ECS Developer Guide."""


@dataclass(slots=True)
class TaskLifecycle:
    """Takes events and ticks, and returns actions to carry out in order."""

    task_id: str
    spec: TaskSpec
    service_arn: str = ""
    started_by: str = ""
    status: str = "PROVISIONING"
    stop_requested: bool = False
    reason: str = ""
    created_at: float = 0.0
    running_since: float | None = None
    stopped_at: float | None = None
    containers: dict[str, ContainerState] = field(default_factory=dict)
    endpoints: dict[m.PortKey, Endpoint] = field(default_factory=dict)
    registered: bool = False
    answers_calls: bool = True
    target_health: dict[str, str] = field(default_factory=dict)
    _undrained: set[str] = field(default_factory=set)
    _drain_deadline: float = 0.0
    _prepared_at: float = 0.0
    _published: tuple[str, str, str] = ("", "", "")

    # The scheduler's view.

    @property
    def health(self) -> str:
        """ECS's healthStatus, from the essential containers with a health check."""
        monitored = [
            state.health_status
            for state in self.containers.values()
            if state.container.essential and is_monitored(state.container.health_check)
        ]
        if UNHEALTHY in monitored:
            return UNHEALTHY
        return HEALTHY if monitored and set(monitored) == {HEALTHY} else UNKNOWN

    @property
    def serves(self) -> bool:
        """RUNNING, and healthy by every check of the task."""
        return (
            self.status == "RUNNING"
            and not self.stop_requested
            and self.registered
            and self.health != UNHEALTHY
            and (self.health == HEALTHY or not self._is_monitored())
            and all(
                self.target_health.get(target.target_group_arn) in {"healthy", "unused"}
                for target in self.spec.registrations.targets
            )
        )

    def failed_check(self) -> str:
        """Why the task must be replaced, in ECS's words; empty if it need not be."""
        if self.health == UNHEALTHY:
            return "Task failed container health checks"
        for arn, state in self.target_health.items():
            if state == "unhealthy":
                return f"Task failed ELB health checks in (target-group {arn})"
        return ""

    @property
    def explanation(self) -> str:
        """Why the task stops, with its containers' exit codes and exceptions, or why it cannot be
        reached; otherwise empty."""
        elsewhere = listening_elsewhere(self.containers, self.endpoints)
        if not self.reason:
            return elsewhere
        endings = (state.ending for state in self.containers.values())
        details = ", ".join(filter(None, [*endings, elsewhere]))
        return f"{self.reason} ({details})" if details else self.reason

    def has_result(self, container: str) -> bool:
        """Whether the container has ended and will not start again. Other containers of the task
        may still be stopping."""
        state = self.containers.get(container)
        ended = state is not None and state.status == "STOPPED"
        return self.status == "STOPPED" or (self.stop_requested and ended)

    # Events.

    def begin(self, now: float) -> Iterator[m.Action]:
        self.created_at = now
        self.containers = {
            local.container.name: ContainerState(local.container)
            for local in self.spec.local.containers
        }
        yield from self._announce()
        yield m.PrepareTask(self.task_id)

    def handle(self, event: m.TaskEvent, now: float) -> Iterator[m.Action]:
        """Handle one event of this task, and take the steps that it makes possible."""
        match event:
            case m.TaskPrepared(endpoints=endpoints) if self.status == "PROVISIONING":
                self.endpoints = dict(endpoints)
                self.status, self._prepared_at = "PENDING", now
            case m.PreparationFailed(reason=reason):
                yield from self.stop(reason, now)
            case m.ContainerStarted(container=name, pid=pid):
                self._started(self.containers[name], pid, now)
            case m.ContainerNotStarted(container=name, reason=reason):
                self.containers[name].status = "STOPPED"
                self.containers[name].reason = reason
                yield from self.stop(f"CannotStartContainerError: {reason}", now)
            case m.ContainerExited(container=name):
                yield from self._exited(self.containers[name], event, now)
            case m.OutOfMemory(container=name) if self.containers[name].status == "RUNNING":
                self.containers[name].reason = _OUT_OF_MEMORY
                yield m.KillContainer(self.task_id, name)
            case m.HealthProbed(container=name) | m.Listens(container=name):
                self.containers[name].note_health(event, now)
            case m.ListensElsewhere(container=name, ports=ports):
                self.containers[name].elsewhere = ports
        yield from self.tick(now)

    def stop(self, reason: str, now: float, *, drain: bool = True) -> Iterator[m.Action]:
        """Begin to stop: deregister, drain (if `drain`), then end the containers."""
        if not drain:
            self._undrained.clear()
        if self.stop_requested:
            yield from self.tick(now)
            return
        self.stop_requested, self.reason = True, reason
        for state in self.containers.values():
            if state.status == "PENDING":
                state.status = "STOPPED"
        if self.registered:
            yield from self._deregister(now, drain)
        yield from self.tick(now)

    def drained(self, target_group_arn: str, now: float) -> Iterator[m.Action]:
        """The load balancer has no more requests in flight to this task."""
        self._undrained.discard(target_group_arn)
        yield from self.tick(now)

    def tick(self, now: float) -> Iterator[m.Action]:
        """Take the steps that are possible now."""
        if self.status == "STOPPED":
            return
        if self.stop_requested:
            yield from self._advance_stop(now)
        else:
            yield from self._advance_start(now)
        yield from self._announce()

    def deadline(self) -> float | None:
        """When `tick` is due without an event (monotonic seconds)."""
        times = list(self._deadlines())
        return min(times) if times else None

    # Starting.

    def _advance_start(self, now: float) -> Iterator[m.Action]:
        if self.status == "PROVISIONING":
            return
        if failure := dependencies.failure(self.containers, self._prepared_at, now):
            yield from self.stop(failure, now)
            return
        for state in self.containers.values():
            if state.status == "PENDING" and dependencies.may_start(state, self.containers):
                state.status = "STARTING"
                yield m.StartContainer(self.task_id, state.container.name)
        if self.status == "PENDING" and all(s.has_started for s in self.containers.values()):
            self.status, self.running_since = "RUNNING", now
        if self.status == "RUNNING" and not self.registered and self._is_ready():
            yield from self._register()
        for state in self.containers.values():
            if state.status == "RUNNING" and state.health and state.health.is_due(now):
                state.health = state.health.probe_began()
                yield m.ProbeHealth(self.task_id, state.container.name)

    def _started(self, state: ContainerState, pid: int, now: float) -> None:
        state.status, state.pid, state.started_at = "RUNNING", pid, now
        check = state.container.health_check
        if check is not None and is_monitored(check):
            state.health = HealthRecord.begin(check, now)

    def _exited(
        self, state: ContainerState, event: m.ContainerExited, now: float
    ) -> Iterator[m.Action]:
        state.status, state.exit_code, state.pid = "STOPPED", event.exit_code, None
        if state.terminated_at is None and not state.reason:  # it has ended by itself
            state.error = event.error
        if self.stop_requested:
            return
        if state.may_restart(now):
            state.begin_again()
            if self.registered and state.container.name in self.spec.registrations.containers:
                yield from self._withdraw()
            yield m.StartContainer(self.task_id, state.container.name)
        elif state.container.essential:
            yield from self.stop(state.reason or "Essential container in task exited", now)
        elif all(s.status == "STOPPED" for s in self.containers.values()):
            yield from self.stop("All containers in task exited", now)

    def _is_monitored(self) -> bool:
        return any(
            s.container.essential and is_monitored(s.container.health_check)
            for s in self.containers.values()
        )

    def _is_ready(self) -> bool:
        return all(
            state.status != "STARTING"
            and (state.health_status == HEALTHY or not is_monitored(state.container.health_check))
            for name in self.spec.registrations.containers
            if (state := self.containers.get(name)) is not None
        )

    # Registration.

    def answer_calls(self, wanted: bool) -> Iterator[m.Action]:
        """Whether other services may call this task through Service Connect."""
        if self.answers_calls != wanted:
            self.answers_calls = wanted
            if self.registered:
                yield from self._join() if wanted else self._leave()

    def _register(self) -> Iterator[m.Action]:
        self.registered = True
        for target in self.spec.registrations.targets:
            key = target.container_name, target.container_port
            if key in self.endpoints:
                where = self.endpoints[key], self._pid(target.container_name)
                yield m.Publish(TargetRegistered(target.target_group_arn, self.task_id, *where))
        if self.answers_calls:
            yield from self._join()

    def _join(self) -> Iterator[m.Action]:
        for port_name, key in self.spec.registrations.endpoints:
            if key in self.endpoints:
                where = self.endpoints[key], self._pid(key[0])
                yield m.Publish(
                    ServiceEndpointAdded(self.service_arn, port_name, self.task_id, *where)
                )

    def _pid(self, container: str) -> int:
        """The process that should listen; 0 if a container engine has started it."""
        if self.spec.local.container(container).engine is not None:
            return 0
        return self.containers[container].pid or 0

    def _deregister(self, now: float, drain: bool) -> Iterator[m.Action]:
        groups = {t.target_group_arn for t in self.spec.registrations.targets}
        self._undrained = groups if drain else set()
        self._drain_deadline = now + self.spec.drain_timeout
        self.status = "DEACTIVATING"
        yield from self._announce()
        yield from self._withdraw()

    def _withdraw(self) -> Iterator[m.Action]:
        """For now, or for good: a process that begins again listens anew."""
        self.registered = False
        for target in self.spec.registrations.targets:
            yield m.Publish(TargetDeregistered(target.target_group_arn, self.task_id))
        yield from self._leave()

    def _leave(self) -> Iterator[m.Action]:
        for port_name, _ in self.spec.registrations.endpoints:
            yield m.Publish(ServiceEndpointRemoved(self.service_arn, port_name, self.task_id))

    # Stopping.

    def _advance_stop(self, now: float) -> Iterator[m.Action]:
        if self._undrained and now < self._drain_deadline and self._has_live_target():
            return
        if any(state.status != "STOPPED" for state in self.containers.values()):
            self.status = "STOPPING"
            for state in self.containers.values():
                yield from self._end(state, now)
            return
        self.status, self.stopped_at = "STOPPED", now
        yield m.ReleaseTask(self.task_id)

    def _has_live_target(self) -> bool:
        return any(
            self.containers[target.container_name].status == "RUNNING"
            for target in self.spec.registrations.targets
            if target.container_name in self.containers
        )

    def _end(self, state: ContainerState, now: float) -> Iterator[m.Action]:
        if state.status != "RUNNING":
            return  # a start in progress is ended when it is reported
        name = state.container.name
        if state.terminated_at is None:
            if not dependencies.has_dependants(name, self.containers):
                state.terminated_at = now
                yield m.TerminateContainer(self.task_id, name)
        elif not state.killed and now >= state.terminated_at + state.container.stop_timeout:
            state.killed = True
            yield m.KillContainer(self.task_id, name)

    def _deadlines(self) -> Iterator[float]:
        if self.status == "STOPPED":
            return
        if self.status == "DEACTIVATING":
            yield self._drain_deadline
        for state in self.containers.values():
            if self.stop_requested:
                if state.status == "RUNNING" and state.terminated_at and not state.killed:
                    yield state.terminated_at + state.container.stop_timeout
            elif state.status == "RUNNING" and state.health and not state.health.probing:
                yield state.health.next_probe_at
        if self.status == "PENDING" and not self.stop_requested:
            yield from dependencies.deadlines(self.containers, self._prepared_at)

    def _announce(self) -> Iterator[m.Action]:
        reason = self.reason or listening_elsewhere(self.containers, self.endpoints)
        news = (self.status, self.health, "" if self.reason else reason)
        if news != self._published:
            self._published = news
            yield m.Publish(
                TaskStateChanged(self.service_arn, self.task_id, self.status, self.health, reason)
            )
