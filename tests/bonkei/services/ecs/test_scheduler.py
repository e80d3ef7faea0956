"""The scheduler with its own clock: histories are replayed, and no process runs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonkei.base.events import (
    ServiceEndpointAdded,
    ServiceEndpointRemoved,
    TargetDeregistered,
    TargetRegistered,
    TaskStateChanged,
)
from bonkei.services.ecs import messages as m

from .conftest import GROUP
from .scheduled import CHECK, terminated, web_task
from .simulation import Simulation, service_spec

# The life of a service.


def test_a_service_gets_its_tasks_and_its_deployment_completes():
    simulation = Simulation()
    simulation.want(service_spec(web_task(), desired=2))
    simulation.run(10)
    assert len(simulation.running()) == 2
    assert simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"]
    assert simulation.scheduler.is_steady


def test_a_target_is_registered_when_running_or_when_its_health_check_has_passed():
    plain, checked = Simulation(), Simulation(probes=lambda task, name, now: now > 1030)
    plain.want(service_spec(web_task()))
    checked.want(service_spec(web_task(health_check=CHECK)))
    plain.run(60)
    checked.run(60)
    [first], [second] = plain.published(TargetRegistered), checked.published(TargetRegistered)
    assert plain.time_of(m.Publish(first)) < 1005
    assert checked.time_of(m.Publish(second)) > 1030
    assert len(plain.published(ServiceEndpointAdded)) == 1


def test_a_stopping_task_is_drained_then_terminated_and_finally_killed():
    simulation = Simulation(drains_after=7, ignores_sigterm=frozenset({"web"}))
    simulation.want(service_spec(web_task(stop_timeout=20)))
    simulation.run(10)
    [task] = simulation.running()
    simulation.want()
    simulation.run(60)

    assert simulation.statuses(task) == [
        "PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "STOPPED",
    ]  # fmt: skip
    gone = simulation.time_of(m.Publish(TargetDeregistered(GROUP, task)))
    term = simulation.time_of(m.TerminateContainer(task, "web"))
    kill = simulation.time_of(m.KillContainer(task, "web"))
    assert (term - gone, kill - term) == (pytest.approx(7), pytest.approx(20))
    assert len(simulation.published(ServiceEndpointRemoved)) == 1
    assert simulation.scheduler.services == {}


def test_a_load_balancer_that_never_reports_drained_does_not_keep_a_task():
    simulation = Simulation(drains_after=None)
    simulation.want(service_spec(web_task()))
    simulation.run(10)
    simulation.want()
    simulation.run(29)
    assert not terminated(simulation)
    simulation.run(5)
    assert terminated(simulation) == ["web"]


def test_a_changed_definition_rolls_without_a_gap():
    simulation = Simulation()
    simulation.want(service_spec(web_task(1), desired=2))
    simulation.run(10)
    old = set(simulation.running())
    simulation.want(service_spec(web_task(2), desired=2))
    simulation.run(30)

    assert not old & set(simulation.running())
    assert len(simulation.running()) == 2
    assert simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"] * 2
    healthy = [time for time, a in simulation.history if isinstance(a, m.Publish)
               and isinstance(a.event, TargetRegistered)]  # fmt: skip
    gone = [simulation.time_of(m.Publish(TargetDeregistered(GROUP, task))) for task in old]
    assert min(gone) >= healthy[2] + 1  # the load balancer reported first


def test_the_same_definition_changes_nothing_and_a_new_count_only_scales():
    simulation = Simulation()
    simulation.want(service_spec(web_task()))
    simulation.run(10)
    before = len(simulation.history)
    simulation.want(service_spec(web_task()))
    simulation.run(10)
    assert len(simulation.history) == before
    first = simulation.running()
    simulation.want(service_spec(web_task(), desired=3))
    simulation.run(10)
    assert len(simulation.running()) == 3
    simulation.want(service_spec(web_task()))
    simulation.run(10)
    assert simulation.running() == first
    assert simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"]


def test_only_another_definition_would_deploy_and_asking_changes_nothing():
    simulation = Simulation()
    assert simulation.scheduler.would_deploy([service_spec(web_task())])
    assert not simulation.scheduler.would_deploy([service_spec(web_task(), refused="no folder")])
    assert not simulation.scheduler.services
    simulation.want(service_spec(web_task()))
    assert not simulation.scheduler.would_deploy([service_spec(web_task(), desired=3)])
    assert simulation.scheduler.would_deploy([service_spec(web_task(revision=2))])
    assert not simulation.scheduler.would_deploy([])


def test_limits_that_allow_no_step_are_reported():
    simulation = Simulation()
    simulation.want(service_spec(web_task(1), maximum=100))
    simulation.run(10)
    simulation.want(service_spec(web_task(2), maximum=100))
    simulation.run(100)
    [service] = simulation.scheduler.services.values()
    assert service.stuck
    assert len(simulation.running()) == 1


@settings(max_examples=60)
@given(
    st.integers(0, 5), st.integers(0, 5), st.integers(0, 100), st.integers(100, 250),
    st.lists(st.floats(0.1, 8), min_size=3, max_size=3),
)  # fmt: skip
def test_a_deployment_keeps_its_limits_at_every_moment(before, after, minimum, maximum, delays):
    start, healthy, drain = delays
    simulation = Simulation(start_delay=start, healthy_after=healthy, drains_after=drain)
    simulation.want(service_spec(web_task(1), before, minimum=minimum, maximum=maximum))
    simulation.run(30)
    spec = service_spec(web_task(2), after, minimum=minimum, maximum=maximum)
    simulation.want(spec)
    most = max(before, spec.limits.upper)
    for _ in range(400):
        service = simulation.scheduler.services[spec.arn]
        counts = service.counts()
        assert counts.total <= most
        assert counts.healthy >= min(before, spec.limits.lower)
        simulation.run(0.5)
        if service.stuck:
            return
    assert len(simulation.running()) == after
    assert simulation.scheduler.is_steady


# Failures.


def test_a_task_that_cannot_be_prepared_is_retried_with_growing_delays():
    simulation = Simulation(fails_to_prepare="ResourceInitializationError: no secret")
    simulation.want(service_spec(web_task()))
    simulation.run(300)
    times = [time for time, action in simulation.history if isinstance(action, m.PrepareTask)]
    gaps = [round(b - a, 1) for a, b in pairwise(times)]
    assert gaps[:4] == [1.1, 2.1, 4.1, 8.1]
    assert max(gaps) <= 60.2
    [service] = simulation.scheduler.services.values()
    assert "no secret" in service.deployments[0].reason


def test_a_task_that_served_long_is_replaced_at_once():
    simulation = Simulation()
    simulation.want(service_spec(web_task()))
    simulation.run(100)
    [task] = simulation.running()
    simulation.happen(m.ContainerExited(task, "web", 1))
    simulation.run(0)
    assert task not in simulation.running()
    assert len(simulation.running()) == 1
    assert simulation.published(TaskStateChanged)[-2].reason == "Essential container in task exited"


def test_an_exception_is_told_of_a_container_that_ended_by_itself():
    simulation = Simulation()
    simulation.want(service_spec(web_task(), desired=2))
    simulation.run(100)
    by_itself, stopped = lives = [*simulation.scheduler.tasks.values()]
    stopped.containers["web"].terminated_at = 1.0
    for life in lives:
        simulation.happen(m.ContainerExited(life.task_id, "web", 1, "KeyError: 'x', /app/a.py:3"))
    simulation.run(0)
    assert by_itself.explanation.endswith("(web: exit code 1, KeyError: 'x', /app/a.py:3)")
    assert stopped.explanation.endswith("(web: exit code 1)")


def test_a_new_definition_is_not_throttled_by_failures_of_the_old_one():
    simulation = Simulation(fails_to_prepare="no")
    simulation.want(service_spec(web_task(1)))
    simulation.run(200)
    simulation.fails_to_prepare = ""
    simulation.want(service_spec(web_task(2)))
    simulation.run(5)
    assert len(simulation.running()) == 1
    assert simulation.scheduler.is_steady


def test_an_unhealthy_target_is_replaced_after_the_grace_period():
    simulation = Simulation(healthy_after=None)
    simulation.want(service_spec(web_task(), health_check_grace_period=60))
    simulation.run(5)
    [task] = simulation.running()
    simulation.target_health(task, "unhealthy", GROUP)
    simulation.run(50)
    assert simulation.running() == [task]
    simulation.healthy_after = 1
    simulation.run(20)
    [replacement] = simulation.running()
    assert replacement != task
    reasons = [e.reason for e in simulation.published(TaskStateChanged) if e.task_id == task]
    assert "failed ELB health checks" in reasons[-1]


def test_an_unhealthy_target_serves_until_its_replacement_is_healthy():
    simulation = Simulation()
    simulation.want(service_spec(web_task()))
    simulation.run(20)
    [task] = simulation.running()
    simulation.target_health(task, "unhealthy", GROUP)
    simulation.run(1)
    assert task in simulation.running()
    assert len(simulation.running()) == 2
    simulation.run(20)
    assert task not in simulation.running()


def test_a_container_that_fails_its_health_check_is_replaced():
    simulation = Simulation(probes=lambda task, name, now: now < 1050 or not task.endswith("2"))
    simulation.want(service_spec(web_task(health_check=CHECK)))
    simulation.run(20)
    [task] = simulation.running()
    simulation.run(300)
    [replacement] = simulation.running()
    assert replacement != task
    assert simulation.scheduler.tasks[replacement].health == "HEALTHY"


def test_stopping_everything_waits_for_no_connection():
    simulation = Simulation(drains_after=None)
    simulation.want(service_spec(web_task(), desired=3))
    simulation.run(10)
    simulation.carry_out(simulation.scheduler.stop_all("bye", simulation.now))
    simulation.run(1)
    assert simulation.scheduler.tasks == {}
    assert len(simulation.published(TargetDeregistered)) == 3


def test_a_deployment_has_its_announced_id_once():
    simulation = Simulation()

    def deploy(revision: int, announced: str) -> str:
        spec = service_spec(web_task(revision))
        simulation.want(replace(spec, deployment_id=announced))
        simulation.run(30)
        [service] = simulation.scheduler.services.values()
        return service.deployments[0].id

    assert deploy(1, "") != ""
    assert deploy(2, "ecs-svc/told") == "ecs-svc/told"
    assert deploy(3, "ecs-svc/told") != "ecs-svc/told"  # the definitions have changed since then
