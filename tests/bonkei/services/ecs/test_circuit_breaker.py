"""Failed deployments and rollbacks, as replayed histories."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonkei.base.events import DeploymentStateChanged
from bonkei.blueprint.ecs import ContainerHealthCheck
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.reporting import describe
from bonkei.services.ecs.scheduling.circuit_breaker import FAILED, CircuitBreaker, failure_threshold
from bonkei.services.ecs.scheduling.service_state import ServiceSpec, ServiceState
from bonkei.services.ecs.snapshot import ServiceSnapshot
from bonkei.services.ecs.task_spec import Registrations

from .conftest import TARGETS, definition, web_container
from .simulation import SERVICE, Simulation, service_spec, task_spec

CHECK = ContainerHealthCheck(("CMD-SHELL", "check"), interval=10, timeout=5, retries=3)
ROLLBACK = CircuitBreaker(enabled=True, rollback=True)
ONLY_FAIL = CircuitBreaker(enabled=True)
SECRET = "ResourceInitializationError: no secret"


def revision(number: int, desired: int = 1, breaker: CircuitBreaker = ROLLBACK, **changes):
    task = task_spec(
        definition(web_container(**changes.pop("container", {})), revision=number),
        changes.pop("registrations", Registrations(TARGETS)),
    )
    return service_spec(task, desired, circuit_breaker=breaker, **changes)


def completed(spec: ServiceSpec, **changes) -> Simulation:
    """A service whose first deployment is completed."""
    simulation = Simulation(**changes)
    simulation.want(spec)
    simulation.run(30)
    assert simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"]
    return simulation


def state(simulation: Simulation) -> ServiceState:
    return simulation.scheduler.services[SERVICE]


def shown(simulation: Simulation) -> ServiceSnapshot:
    [service] = describe(simulation.scheduler, (), {}).services
    return service


def starts(simulation: Simulation) -> int:
    return len(simulation.actions(m.PrepareTask))


def until(simulation: Simulation, rollout_state: str) -> None:
    for _ in range(1000):
        if rollout_state in simulation.rollouts():
            return
        simulation.run(0.1)
    raise AssertionError(simulation.rollouts())


def exit_soon(simulation: Simulation, after: float) -> None:
    """Every container ends this long after its start, with exit code 1."""
    answer = simulation.answer

    def also_exit(action: m.Action) -> None:
        answer(action)
        if isinstance(action, m.StartContainer):
            exited = m.ContainerExited(action.task_id, action.container, 1)
            simulation.happen(exited, simulation.start_delay + after)

    simulation.answer = also_exit  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("desired", "threshold"),
    # AWS's table, and edge cases.
    [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (800, 200)],
)
def test_the_threshold_is_half_of_the_desired_count_within_bounds(desired, threshold):
    assert failure_threshold(desired) == threshold
    assert ONLY_FAIL.trips(threshold, desired)
    assert not ONLY_FAIL.trips(threshold - 1, desired)


def test_without_a_circuit_breaker_a_deployment_never_gives_up():
    simulation = Simulation(fails_to_prepare=SECRET)
    simulation.want(revision(1, breaker=CircuitBreaker()))
    simulation.run(600)
    assert simulation.rollouts() == ["IN_PROGRESS"]
    assert starts(simulation) > 10


def test_a_failed_first_deployment_has_no_earlier_one_and_stalls():
    simulation = Simulation(fails_to_prepare=SECRET)
    simulation.want(revision(1))
    simulation.run(600)
    assert simulation.rollouts() == ["IN_PROGRESS", "FAILED"]
    assert starts(simulation) == 3
    assert shown(simulation).failure == f"{FAILED} The last one: {SECRET}"
    [deployment] = shown(simulation).deployments
    assert (deployment.status, deployment.rollout_state, deployment.failed_tasks) == (
        "PRIMARY", "FAILED", 3,
    )  # fmt: skip
    assert 0 < deployment.failed_at - deployment.created_at < 600


def test_a_failed_deployment_is_rolled_back_while_the_old_tasks_serve():
    simulation = completed(revision(1, desired=2))
    serving, [first] = simulation.running(), state(simulation).deployments
    simulation.fails_to_prepare = SECRET
    simulation.want(revision(2, desired=2))
    simulation.run(60)

    assert simulation.running() == serving
    events = simulation.published(DeploymentStateChanged)[2:]
    assert [(e.task_definition_arn[-1], e.rollout_state) for e in events] == [
        ("2", "IN_PROGRESS"), ("2", "FAILED"), ("1", "IN_PROGRESS"), ("1", "COMPLETED"),
    ]  # fmt: skip
    assert events[2].reason == (
        f"ECS deployment circuit breaker: rolling back to deploymentId {first.id}."
    )
    assert simulation.scheduler.is_steady
    rolled_back = shown(simulation)
    assert rolled_back.failure == f"{FAILED} The last one: {SECRET}. Rolled back to web:1."
    assert [(d.task_definition, d.status, d.rollout_state) for d in rolled_back.deployments] == [
        ("web:1", "PRIMARY", "COMPLETED"), ("web:2", "INACTIVE", "FAILED"),
    ]  # fmt: skip
    kept, failed = rolled_back.deployments
    assert kept.failed_at is None
    assert failed.failed_at is not None


def test_without_rollback_no_task_is_started_and_no_serving_task_is_stopped():
    simulation = completed(revision(1, desired=2, breaker=ONLY_FAIL))
    serving = simulation.running()
    simulation.fails_to_prepare = SECRET
    simulation.want(revision(2, desired=2, breaker=ONLY_FAIL))
    simulation.run(60)
    before = starts(simulation)
    simulation.fails_to_prepare = ""
    simulation.run(600)
    assert starts(simulation) == before
    assert simulation.running() == serving
    assert [(d.status, d.rollout_state) for d in shown(simulation).deployments] == [
        ("PRIMARY", "FAILED"), ("ACTIVE", "COMPLETED"),
    ]  # fmt: skip
    assert not simulation.scheduler.is_steady


def test_a_rollback_restarts_the_tasks_that_were_stopped_for_room():
    simulation = completed(revision(1, desired=2, minimum=0, maximum=100))
    simulation.fails_to_prepare = SECRET
    simulation.want(revision(2, desired=2, minimum=0, maximum=100))
    simulation.run(2)
    assert not any(t.got_healthy for t in state(simulation).live())
    until(simulation, "FAILED")
    simulation.fails_to_prepare = ""
    simulation.run(60)
    assert simulation.scheduler.is_steady
    assert {t.deployment.key[-1] for t in state(simulation).tasks.values()} == {"1"}


# Failures that count.


@pytest.mark.parametrize("failing", ["load balancer", "container"])
def test_tasks_that_fail_a_health_check_count(failing):
    simulation = completed(revision(1, container={"health_check": CHECK}))
    if failing == "load balancer":
        simulation.target_state = "unhealthy"
    else:
        tasks = simulation.scheduler.tasks
        simulation.probes = lambda task, *_: tasks[task].spec.definition.revision == 1
    simulation.want(revision(2, container={"health_check": CHECK}))
    simulation.run(600)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "FAILED", "IN_PROGRESS", "COMPLETED"]
    assert "health checks" in shown(simulation).failure


def test_tasks_that_exit_before_any_check_has_passed_count():
    simulation = completed(revision(1))
    exit_soon(simulation, after=0.5)
    simulation.want(revision(2))
    simulation.run(60)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "FAILED", "IN_PROGRESS", "COMPLETED"]
    assert shown(simulation).failure == (
        f"{FAILED} The last one: Essential container in task exited (web: exit code 1). "
        "Rolled back to web:1."
    )


def test_tasks_that_exit_after_they_were_healthy_do_not_count():
    simulation = completed(revision(1, desired=4))
    exit_soon(simulation, after=3)
    simulation.want(revision(2, desired=4, minimum=100, maximum=125))  # one at a time
    simulation.run(600)
    assert "FAILED" not in simulation.rollouts()
    assert starts(simulation) > 10


def test_a_healthy_task_resets_the_count():
    simulation = Simulation(healthy_after=None)
    simulation.want(revision(1, desired=4))

    def hear(*states: str) -> None:
        simulation.run(20)
        for task, said in zip(simulation.running()[-len(states) :], states, strict=True):
            simulation.target_health(task, said, TARGETS[0].target_group_arn)
            simulation.run(0.1)

    hear("unhealthy", "unhealthy", "healthy", "healthy")
    hear("unhealthy", "unhealthy")
    assert simulation.rollouts() == ["IN_PROGRESS"]
    hear("unhealthy")
    assert simulation.rollouts() == ["IN_PROGRESS", "FAILED"]


def test_tasks_that_a_user_stops_do_not_count():
    simulation = Simulation(start_delay=20)
    simulation.want(revision(1))
    for _ in range(5):
        simulation.run(3)
        [task] = simulation.running()
        simulation.carry_out(simulation.scheduler.stop_task(task, "by user", simulation.now))
    simulation.run(120)
    assert simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"]


def test_a_completed_deployment_is_no_longer_watched():
    simulation = completed(revision(1))
    simulation.target_state = "unhealthy"
    exit_soon(simulation, after=0.5)
    for task in simulation.running():
        simulation.happen(m.ContainerExited(task, "web", 1))
    simulation.run(300)
    assert simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"]
    assert starts(simulation) > 5


def test_services_that_are_stopped_while_they_start_have_not_failed():
    simulation = Simulation()
    simulation.want(revision(1, desired=6))
    simulation.run(0.5)
    simulation.carry_out(simulation.scheduler.stop_all("bye", simulation.now))
    simulation.run(10)
    assert simulation.rollouts() == ["IN_PROGRESS"]
    assert simulation.scheduler.services == {}


def test_a_failed_service_can_be_removed():
    simulation = completed(revision(1, desired=2, breaker=ONLY_FAIL))
    simulation.fails_to_prepare = SECRET
    simulation.want(revision(2, desired=2, breaker=ONLY_FAIL))
    simulation.run(60)
    simulation.want()
    simulation.run(60)
    assert simulation.scheduler.services == {}
    assert simulation.scheduler.tasks == {}


# After a failure.


def rolled_back() -> Simulation:
    simulation = completed(revision(1))
    simulation.fails_to_prepare = SECRET
    simulation.want(revision(2))
    simulation.run(60)
    assert shown(simulation).failure
    return simulation


def test_the_same_definitions_are_tried_again():
    simulation = rolled_back()
    simulation.fails_to_prepare = ""
    simulation.want(revision(2))
    assert shown(simulation).failure == ""
    simulation.run(30)
    [deployment] = shown(simulation).deployments
    assert (deployment.task_definition, deployment.rollout_state) == ("web:2", "COMPLETED")


def test_the_earlier_definitions_are_already_running():
    simulation = rolled_back()
    before = starts(simulation)
    simulation.want(revision(1))
    simulation.run(30)
    assert starts(simulation) == before
    assert shown(simulation).failure == ""
    assert len(shown(simulation).deployments) == 1


def test_a_failed_rollback_stalls_and_reports_both():
    simulation = completed(revision(1, minimum=0, maximum=100))
    simulation.fails_to_prepare = SECRET
    simulation.want(revision(2, minimum=0, maximum=100))
    simulation.run(600)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "FAILED", "IN_PROGRESS", "FAILED"]
    failure = f"{FAILED} The last one: {SECRET}"
    assert shown(simulation).failure == f"{failure}. The rollback to web:1 failed: {failure}"
    before = starts(simulation)
    simulation.run(600)
    assert starts(simulation) == before


def test_a_rollback_in_progress_is_not_the_target_of_another():
    """The example from AWS's document: deployment 3 does not find a COMPLETED deployment."""
    simulation = completed(revision(1, minimum=0, maximum=100))
    simulation.fails_to_prepare = SECRET
    simulation.want(revision(2, minimum=0, maximum=100))
    until(simulation, "FAILED")
    simulation.want(revision(3, minimum=0, maximum=100))
    simulation.run(600)
    assert simulation.rollouts()[4:] == ["IN_PROGRESS", "IN_PROGRESS", "FAILED"]
    assert state(simulation).deployments[0].key[-1] == "3"


@settings(max_examples=60)
@given(
    st.integers(0, 8), st.integers(0, 100), st.integers(100, 250), st.booleans(),
    st.sampled_from(["prepare", "load balancer", "exit"]),
    st.lists(st.floats(0.1, 8), min_size=3, max_size=3),
)  # fmt: skip
def test_the_limits_always_hold_with_any_failure(
    desired, minimum, maximum, rollback, failing, delays
):
    start, healthy, drain = delays
    breaker = CircuitBreaker(enabled=True, rollback=rollback)
    simulation = Simulation(start_delay=start, healthy_after=healthy, drains_after=drain)
    simulation.want(revision(1, desired, breaker, minimum=minimum, maximum=maximum))
    simulation.run(60)
    match failing:
        case "prepare":
            simulation.fails_to_prepare = SECRET
        case "load balancer":
            simulation.target_state = "unhealthy"
        case "exit":
            exit_soon(simulation, after=healthy / 2)
    spec = revision(2, desired, breaker, minimum=minimum, maximum=maximum)
    simulation.want(spec)
    for _ in range(200):
        counts = state(simulation).counts()
        assert counts.total <= max(desired, spec.limits.upper)
        assert counts.healthy >= spec.limits.lower
        simulation.run(0.5)
        if state(simulation).stuck or desired == 0:
            return
    assert "FAILED" in simulation.rollouts()
    assert state(simulation).completed is None or not rollback or simulation.scheduler.is_steady
