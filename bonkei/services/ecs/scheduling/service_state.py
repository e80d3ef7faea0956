"""A service and its deployments: the scheduler's state."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bonkei.blueprint.ecs import AutoScaling, LifecycleHook
from bonkei.services.ecs.scheduling.circuit_breaker import CircuitBreaker
from bonkei.services.ecs.scheduling.lifecycle import TaskLifecycle
from bonkei.services.ecs.scheduling.rolling import Counts, Limits
from bonkei.services.ecs.scheduling.traffic import ALL, SCALE_UP, Phase
from bonkei.services.ecs.task_spec import TaskSpec

_FIRST_WAIT = 1.0  # seconds
_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """The delay before a failing service is tried again, after `failures` in a row. Nothing is
    started before `not_before` (monotonic seconds).

    ECS throttles tasks that fail to start, up to minutes ("Amazon ECS service throttle logic",
    docs.aws.amazon.com), and each start itself takes tens of seconds. A process starts in
    milliseconds, so here a task that stops soon after its start is throttled, too. The waits are
    short enough for a watching developer: 1 s, doubling, up to a minute.
    """

    failures: int = 0
    not_before: float = 0.0

    def failed(self, now: float) -> Backoff:
        """The value after one more failure."""
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(self.failures, 10))
        return replace(self, failures=self.failures + 1, not_before=now + wait)


STABLE_AFTER = 10.0  # seconds of running after which a failure begins a new row
_REMEMBERED = 10  # stopped tasks, for their reasons


@dataclass(frozen=True, slots=True)
class Trial:
    """What a release's deployment must pass before it is COMPLETED: each task is healthy for
    `healthy_for` seconds, and after that no alarm rings for `bake` seconds. `rollback`: whether ECS
    goes back because of an alarm.
    """

    healthy_for: float = 0.0
    bake: float = 0.0
    alarms: frozenset[str] = frozenset()
    rollback: bool = False


NO_TRIAL = Trial()


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service in the definitions. `deployment_key`: a new deployment begins when it changes.

    `limits` hold the count of tasks without load, `defined_count` is the definitions' own count.
    `refused`: why none of its tasks can run here, else empty. `deployment_id`: of the next
    deployment, if it was announced. That deployment must pass the `trial`; others are quick.
    `phases`: how it shifts traffic; empty for a rolling update. Times in seconds.
    """

    arn: str
    name: str
    limits: Limits
    task: TaskSpec
    deployment_key: str
    health_check_grace_period: float = 0.0
    circuit_breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    scaling: AutoScaling | None = None
    defined_count: int = 0
    refused: str = ""
    deployment_id: str = ""
    trial: Trial = NO_TRIAL
    phases: tuple[Phase, ...] = ()


@dataclass(slots=True)
class Deployment:
    """`rollout_state`: IN_PROGRESS | COMPLETED | FAILED. `failed_tasks`: in a row, as the circuit
    breaker counts them, while it is IN_PROGRESS. `trial`: while it is IN_PROGRESS. `alone_since`:
    when its tasks were the only ones for the first time. `failed_at`: when it was given up.
    `phases`: those that are left, the present one first; it began at `phase_since`. `alternate`:
    whether its tasks are in the service's alternate target groups. `unasked`: the hooks of the
    phase that have not agreed. `objection`: why one of them ends the deployment."""

    id: str
    key: str
    task: TaskSpec
    created_at: float
    rollout_state: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    backoff: Backoff = field(default_factory=Backoff)
    trial: Trial = NO_TRIAL
    alone_since: float | None = None
    failed_at: float | None = None
    phases: tuple[Phase, ...] = ()
    phase_since: float = 0.0
    alternate: bool = False
    unasked: frozenset[LifecycleHook] = frozenset()
    objection: str = ""

    @property
    def phase(self) -> Phase:
        return self.phases[0] if self.phases else ALL

    @property
    def is_in_progress(self) -> bool:
        return self.rollout_state == "IN_PROGRESS"

    def begin_again(self, reason: str) -> None:
        """Roll back to this deployment, and forget earlier failures of its tasks."""
        self.rollout_state, self.reason = "IN_PROGRESS", reason
        self.failed_tasks, self.backoff, self.failed_at = 0, Backoff(), None
        self.phases, self.unasked, self.objection = (), frozenset(), ""

    def fail(self, reason: str, now: float) -> None:
        self.rollout_state, self.reason, self.failed_at = "FAILED", reason, now

    def complete(self) -> None:
        self.rollout_state, self.reason, self.failed_tasks = "COMPLETED", "", 0
        self.trial = NO_TRIAL


@dataclass(slots=True)
class ServiceTask:
    """A task of a service. `failure`: why it must be replaced, else empty. `healthy_since`: RUNNING
    and healthy since then. `got_healthy`: it has been so for as long as its deployment's trial
    asks, at some time."""

    life: TaskLifecycle
    deployment: Deployment
    failure: str = ""
    healthy_since: float | None = None
    got_healthy: bool = False

    @property
    def healthy_at(self) -> float | None:
        """When it counts as healthy for its deployment, if it stays so."""
        if self.healthy_since is None:
            return None
        return self.healthy_since + self.deployment.trial.healthy_for

    def look(self, now: float) -> None:
        if not self.life.serves or self.failure:
            self.healthy_since = None
        elif self.healthy_since is None:
            self.healthy_since = now
        at = self.healthy_at
        if at is not None and now >= at and not self.got_healthy:
            self.got_healthy, self.deployment.failed_tasks = True, 0


@dataclass(slots=True)
class ServiceState:
    """`deployments`: the primary one first. `removed`: its tasks stop, and then it is forgotten.

    `completed`: the last COMPLETED deployment, the target of a rollback. `failed`: the FAILED
    deployment; it stays in `deployments` until another one is requested. `scaled`: the number that
    auto scaling has set, because of `scaled_because`; None if it has not. `announced`: the last
    deployment's id, if it was assigned before the deployment began. `production`: the deployment
    that has the visitors' requests, beside one that shifts them.
    """

    spec: ServiceSpec
    deployments: list[Deployment] = field(default_factory=list)
    tasks: dict[str, ServiceTask] = field(default_factory=dict)
    stopped: deque[TaskLifecycle] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    removed: bool = False
    stuck: bool = False
    completed: Deployment | None = None
    failed: Deployment | None = None
    scaled: int | None = None
    scaled_because: str = ""
    announced: str = ""
    production: Deployment | None = None

    def follow(self, spec: ServiceSpec) -> None:
        """Take a changed specification. A number set by auto scaling stays, within its limits
        ("RegisterScalableTarget"), unless the definitions change the number."""
        if spec.scaling is None or spec.defined_count != self.spec.defined_count:
            self.scaled = None
        elif self.scaled is not None:
            bounds = spec.scaling
            self.scaled = max(bounds.min_capacity, min(self.scaled, bounds.max_capacity))
        if self.failed is not None and self.failed.key != spec.deployment_key:
            self.failed = None  # the definitions no longer ask for it
        self.spec = spec

    @property
    def primary(self) -> Deployment | None:
        return self.deployments[0] if self.deployments else None

    @property
    def limits(self) -> Limits:
        if self.removed:
            return Limits(0, 0, 200)
        wanted = self.spec.limits
        return wanted if self.scaled is None else replace(wanted, desired=self.scaled)

    def live(self) -> Iterator[ServiceTask]:
        """The tasks that were not asked to stop, oldest first."""
        return (task for task in self.tasks.values() if not task.life.stop_requested)

    def counts(self, of: Deployment | None = None) -> Counts:
        """The live tasks, in the counts of rolling updates. `of`: those of one deployment alone."""
        numbers = dict.fromkeys(Counts.__dataclass_fields__, 0)
        for task in self.live():
            if of is None or task.deployment is of:
                numbers[self._kind(task, of)] += 1
        return Counts(**numbers)

    def of_kind(self, kind: str, of: Deployment | None = None) -> list[ServiceTask]:
        """Live tasks of one of Counts' fields, oldest first."""
        tasks = (task for task in self.live() if of is None or task.deployment is of)
        return [task for task in tasks if self._kind(task, of) == kind]

    def _kind(self, task: ServiceTask, of: Deployment | None) -> str:
        serves = task.life.serves and not task.failure
        if task.deployment is not (of or self.primary):
            return "old_healthy" if serves else "old_unhealthy"
        if task.failure:
            return "new_failed"
        return "new_healthy" if serves and task.got_healthy else "new_pending"

    def note_failures(self, now: float) -> None:
        """Find tasks that failed a check or stopped by themselves. Count them, and throttle the
        next start."""
        for task in self.tasks.values():
            task.look(now)
            if task.failure:
                continue
            exited = task.life.stop_requested
            if exited:
                task.failure = task.life.reason
            elif self._grace_is_over(task, now):
                task.failure = task.life.failed_check()
            if task.failure:
                self._throttle(task, now)
                if not (exited and task.got_healthy) and task.deployment.is_in_progress:
                    task.deployment.failed_tasks += 1

    def _grace_is_over(self, task: ServiceTask, now: float) -> bool:
        since = task.life.running_since
        return since is not None and now >= since + self.spec.health_check_grace_period

    def _throttle(self, task: ServiceTask, now: float) -> None:
        deployment = task.deployment
        if deployment.rollout_state != "FAILED":  # its own reason says it all
            deployment.reason = task.life.explanation or task.failure
        since = task.life.running_since
        if since is not None and now - since >= STABLE_AFTER:
            deployment.backoff = Backoff()
        else:
            deployment.backoff = deployment.backoff.failed(now)

    def deadlines(self) -> Iterator[float]:
        """When the scheduler must decide again without an event."""
        if self.primary is not None:
            yield self.primary.backoff.not_before
            if self.primary.alone_since is not None and self.primary.is_in_progress:
                yield self.primary.alone_since + self.primary.trial.bake
            if self.primary.phases and self.primary.phase.stage != SCALE_UP:
                yield self.primary.phase_since + self.primary.phase.wait
        for task in self.live():
            if task.healthy_at is not None:
                yield task.healthy_at
            since = task.life.running_since
            if since is not None and not task.failure and task.life.failed_check():
                yield since + self.spec.health_check_grace_period
