"""One deployment from its beginning to its end: it shifts the traffic, and completes or goes back.

Each function changes the service's state, and yields the actions that tell of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bonkei.base.events import DeploymentStateChanged
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.scheduling import circuit_breaker, traffic
from bonkei.services.ecs.scheduling.service_state import Deployment, ServiceSpec, ServiceState


def is_needed(spec: ServiceSpec, primary: Deployment | None) -> bool:
    """Whether the definitions ask for another deployment than the primary one."""
    return not spec.refused and (primary is None or primary.key != spec.deployment_key)


def begin(
    service: ServiceState, new_id: Callable[[], str], ringing: frozenset[str], now: float
) -> Iterator[m.Action]:
    """Make a deployment of the service's specification the primary one. `ringing`: the alarms that
    ring already."""
    spec = service.spec
    announced = spec.deployment_id
    is_new = announced not in ("", service.announced)
    deployment_id = announced if is_new else f"ecs-svc/{new_id()}"
    service.announced = announced
    deployment = Deployment(deployment_id, spec.deployment_key, spec.task, now)
    if is_new:
        deployment.trial = spec.trial
    _beside(service, deployment, now, waits=is_new)
    if deployment.trial.alarms & ringing:
        # Otherwise the correction could not be deployed.
        deployment.trial = replace(spec.trial, bake=0.0, alarms=frozenset())
    service.deployments.insert(0, deployment)
    service.failed = None
    yield _changed(service, deployment)
    yield from _entered(service, deployment)


def _beside(service: ServiceState, deployment: Deployment, now: float, *, waits: bool) -> None:
    """Let a deployment shift the traffic, if there are tasks that have it."""
    every, old = service.spec.phases, service.production
    serves = old is not None and any(task.deployment is old for task in service.live())
    if every and old is not None:
        deployment.alternate = old.alternate != serves
    if every and serves:
        deployment.phases = every if waits else traffic.at_once(every)
        deployment.phase_since = now
    else:
        service.production = deployment
    registered = deployment.task.registrations
    targets = traffic.side(registered.targets, alternate=deployment.alternate)
    deployment.task = replace(deployment.task, registrations=replace(registered, targets=targets))


def shift(service: ServiceState, primary: Deployment, now: float) -> Iterator[m.Action]:
    """Go on to the next phases, if the present one is over. After the last the deployment is
    COMPLETED, and the tasks of the old one may stop."""
    while primary.is_in_progress and primary.phases and not service.removed:
        if not _is_over(service, primary, now):
            return
        primary.phases, primary.phase_since = primary.phases[1:], now
        if primary.phases:
            yield from _entered(service, primary)
        else:
            service.production = primary
            yield from _complete(service, primary)


def _is_over(service: ServiceState, primary: Deployment, now: float) -> bool:
    """Whether the present phase has lasted long enough, and no hook keeps it."""
    if primary.unasked or primary.objection:
        return False
    if primary.phase.stage == traffic.SCALE_UP:
        return service.counts(primary).new_healthy >= service.limits.desired
    return now >= primary.phase_since + primary.phase.wait


def end_of_rolling(service: ServiceState, primary: Deployment, now: float) -> Iterator[m.Action]:
    """Complete a rolling update whose tasks have been the only ones for as long as they bake."""
    counts = service.counts()
    if counts.new_healthy >= service.limits.desired == counts.total:
        if primary.alone_since is None:
            primary.alone_since = now
        if now >= primary.alone_since + primary.trial.bake:
            yield from _complete(service, primary)


def break_circuit(
    service: ServiceState, primary: Deployment, ringing: frozenset[str], now: float
) -> Iterator[m.Action]:
    """Fail the primary deployment if necessary, and return to the last completed one."""
    if service.removed or not primary.is_in_progress:
        return
    reason, rollback = _failure(service, primary, ringing)
    if not reason:
        return
    primary.fail(reason, now)
    service.failed = service.failed or primary
    yield _changed(service, primary)
    if rollback and service.completed is not None:
        earlier, service.completed = service.completed, None
        who = reason.partition(":")[0].rstrip(".")
        earlier.begin_again(circuit_breaker.rolling_back(earlier.id, who))
        service.production = earlier
        others = [d for d in service.deployments if d is not earlier]
        service.deployments = [earlier, *others]
        yield from _shifted(service, earlier)
        yield _changed(service, earlier)


def _failure(
    service: ServiceState, primary: Deployment, ringing: frozenset[str]
) -> tuple[str, bool]:
    """Why the primary deployment has failed, or empty, and whether the service goes back."""
    breaker = service.spec.circuit_breaker
    if breaker.trips(primary.failed_tasks, service.limits.desired):
        return f"{circuit_breaker.FAILED} The last one: {primary.reason}", breaker.rollback
    if rings := sorted(primary.trial.alarms & ringing):
        return circuit_breaker.alarms_ring(rings), primary.trial.rollback
    return primary.objection, True


def answer_calls(service: ServiceState) -> Iterator[m.Action]:
    """Let the tasks of the right deployment answer calls over Service Connect."""
    chosen = answering(service)
    tasks = sorted(service.live(), key=lambda task: task.deployment is not chosen)
    for task in tasks:  # the new ones first: there is no moment without any
        yield from task.life.answer_calls(task.deployment is chosen)


def answering(service: ServiceState) -> Deployment | None:
    """The deployment that other services reach through Service Connect: all of their calls move at
    once, with the last of the visitors' requests."""
    primary = service.primary
    return primary if primary is not None and primary.phase.percent == 100 else service.production


def _complete(service: ServiceState, deployment: Deployment) -> Iterator[m.Action]:
    deployment.complete()
    service.completed = deployment
    yield _changed(service, deployment)


def _entered(service: ServiceState, deployment: Deployment) -> Iterator[m.Action]:
    """What a phase begins with: its weights, and its hooks."""
    yield from _shifted(service, deployment)
    deployment.unasked = frozenset(deployment.phase.hooks)
    for hook in deployment.phase.hooks:
        yield m.CallHook(service.spec.arn, deployment.id, deployment.phase.stage, hook)


def _shifted(service: ServiceState, deployment: Deployment) -> Iterator[m.Action]:
    """The weights of the service's rules, as a deployment's phase has them."""
    targets = service.spec.task.registrations.targets
    for event in traffic.shifted(targets, deployment.phase, alternate=deployment.alternate):
        yield m.Publish(event)


def _changed(service: ServiceState, deployment: Deployment) -> m.Publish:
    return m.Publish(
        DeploymentStateChanged(
            service.spec.arn,
            deployment.task.definition.arn,
            deployment.rollout_state,
            deployment.reason,
            deployment.id,
        )
    )
