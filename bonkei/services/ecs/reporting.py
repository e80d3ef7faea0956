"""Snapshots of the scheduler's state."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import lru_cache

from bonkei.base.events import Endpoint
from bonkei.services.ecs.execution.usage import Usage
from bonkei.services.ecs.scheduling.container_state import ContainerState
from bonkei.services.ecs.scheduling.lifecycle import TaskLifecycle
from bonkei.services.ecs.scheduling.scheduler import STUCK, Scheduler
from bonkei.services.ecs.scheduling.service_state import Deployment, ServiceState
from bonkei.services.ecs.snapshot import (
    ContainerSnapshot,
    DeploymentSnapshot,
    Note,
    ServiceSnapshot,
    TaskSnapshot,
    TasksSnapshot,
)

_ECS = {"STARTING": "PENDING"}
"""ECS's names of a container's status that differ from ours."""
_COMING = {"PROVISIONING", "PENDING"}


def describe(
    scheduler: Scheduler,
    notes: tuple[Note, ...],
    usage: Mapping[str, Usage],
    ended: tuple[TaskLifecycle, ...] = (),
) -> TasksSnapshot:
    """The present state of all tasks. `ended`: ended tasks outside services."""
    services = scheduler.services.values()
    stuck = tuple(Note(f"service {s.spec.name}", STUCK) for s in services if s.stuck)
    return TasksSnapshot(
        services=tuple(_service(service) for service in services),
        tasks=tuple(_task(life, usage) for life in scheduler.tasks.values()),
        stopped=(
            *(_task(life, {}) for service in services for life in service.stopped),
            *(_task(life, {}) for life in ended),
        ),
        notes=(*notes, *stuck, *_scaled(scheduler)),
    )


def _scaled(scheduler: Scheduler) -> Iterator[Note]:
    for service in scheduler.services.values():
        defined = service.spec.limits.desired
        if service.limits.desired != defined and not service.removed:
            yield Note(
                f"service {service.spec.name}",
                f"auto scaling has set its desired count to {service.limits.desired}, "
                f"without load it is {defined}: {service.scaled_because}",
            )


def _service(service: ServiceState) -> ServiceSnapshot:
    lives = [task.life for task in service.tasks.values()]
    counts = service.counts()
    return ServiceSnapshot(
        arn=service.spec.arn,
        name=service.spec.name,
        desired_count=service.limits.desired,
        running_count=sum(life.status == "RUNNING" for life in lives),
        pending_count=sum(life.status in _COMING for life in lives),
        healthy_count=counts.healthy,
        deployments=tuple(_deployment(service, d) for d in service.deployments),
        refused=service.spec.refused,
        failure=_failure(service),
        trial_seconds=_trial(service),
    )


def _trial(service: ServiceState) -> float:
    primary = service.primary
    return primary.trial.healthy_for + primary.trial.bake if primary is not None else 0.0


def _failure(service: ServiceState) -> str:
    failed, primary = service.failed, service.primary
    if failed is None or primary is None:
        return ""
    if primary is failed:
        return failed.reason
    why = failed.reason if failed.reason.endswith(".") else f"{failed.reason}."
    if primary.rollout_state == "FAILED":
        return f"{why} The rollback to {_revision(primary)} failed: {primary.reason}"
    rolled = "Rolled back" if primary.rollout_state == "COMPLETED" else "Rolling back"
    return f"{why} {rolled} to {_revision(primary)}."


def _deployment(service: ServiceState, deployment: Deployment) -> DeploymentSnapshot:
    lives = [t.life for t in service.tasks.values() if t.deployment is deployment]
    weight, primary = _weight(service, deployment), service.primary
    stage = deployment.phase.stage if deployment is primary else ""
    shifts = primary is not None and primary.phases
    is_one = shifts and deployment in (primary, service.production)
    old = "ACTIVE" if lives else "INACTIVE"
    return DeploymentSnapshot(
        id=deployment.id,
        status="PRIMARY" if deployment is service.primary else old,
        task_definition=_revision(deployment),
        rollout_state=deployment.rollout_state,
        running_count=sum(life.status == "RUNNING" for life in lives),
        pending_count=sum(life.status in _COMING for life in lives),
        failed_tasks=deployment.failed_tasks,
        reason=deployment.reason,
        failed_at=_unix(deployment.failed_at),
        created_at=_unix(deployment.created_at),
        traffic=", ".join(filter(None, (f"{weight:g} % of the requests", stage))) if is_one else "",
        weight=weight,
        stage=stage,
    )


def _weight(service: ServiceState, deployment: Deployment) -> float:
    primary = service.primary
    if primary is None or not primary.phases:
        return 100.0 * (deployment is primary)
    if deployment is primary:
        return primary.phase.percent
    return 100 - primary.phase.percent if deployment is service.production else 0.0


def _revision(deployment: Deployment) -> str:
    definition = deployment.task.definition
    return f"{definition.family}:{definition.revision}"


def _task(life: TaskLifecycle, usage: Mapping[str, Usage]) -> TaskSnapshot:
    definition = life.spec.definition
    used = usage.get(life.task_id, Usage())
    kind = "service" if life.service_arn else "family"
    return TaskSnapshot(
        id=life.task_id,
        group=f"{kind}:{life.spec.group}",
        task_definition=f"{definition.family}:{definition.revision}",
        last_status=life.status,
        health=life.health,
        reason=life.explanation,
        endpoint=_endpoint(next(iter(life.endpoints.values()), None)),
        pids=tuple((n, s.pid) for n, s in life.containers.items() if s.pid is not None),
        started_at=_unix(life.running_since),
        cpu_percent=used.cpu_percent,
        memory=used.memory,
        containers=tuple(_container(state) for state in life.containers.values()),
        created_at=_unix(life.created_at or None),
        stopped_at=_unix(life.stopped_at),
        started_by=life.started_by or life.spec.started_by,
        failed=life.status == "STOPPED" and _has_failed(life),
    )


def _has_failed(life: TaskLifecycle) -> bool:
    """An essential container could not start, or exited by itself with another code than 0."""
    states = life.containers.values()
    if life.running_since is None and all(state.exit_code is None for state in states):
        return True
    own = (s for s in states if s.container.essential and s.terminated_at is None)
    return any(state.exit_code or state.reason for state in own)


def _container(state: ContainerState) -> ContainerSnapshot:
    return ContainerSnapshot(
        state.container.name, _ECS.get(state.status, state.status), state.exit_code, state.reason,
        state.health_status, state.container.image,
    )  # fmt: skip


def _endpoint(endpoint: Endpoint | None) -> str:
    return f"{endpoint.host}:{endpoint.port}" if endpoint else ""


@lru_cache(maxsize=4_096)
def _unix(monotonic: float | None) -> float | None:
    """The first answer stays: later the two clocks are further apart, when the machine has slept or
    the one was set."""
    return None if monotonic is None else round(time.time() - time.monotonic() + monotonic, 3)
