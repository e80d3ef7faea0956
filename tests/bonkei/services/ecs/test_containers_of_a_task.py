"""The containers of one task: their order, their dependencies, and their ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bonkei.base.events import TargetDeregistered, TargetRegistered, TaskStateChanged
from bonkei.blueprint.ecs import RestartPolicy
from bonkei.services.ecs import messages as m

from .conftest import definition
from .scheduled import CHECK, container, started, terminated, web_task
from .simulation import Simulation, service_spec, task_spec

# Containers of one task.


def test_containers_start_and_stop_in_the_order_of_their_dependencies():
    task = definition(
        container("app", ("router", "HEALTHY"), ("migrate", "SUCCESS")),
        container("router", health_check=CHECK),
        container("migrate", ("router", "START"), essential=False),
    )
    simulation = Simulation()
    simulation.want(service_spec(task_spec(task)))
    simulation.run(5)
    assert started(simulation) == ["router", "migrate"]
    [task_id] = simulation.running()
    simulation.happen(m.ContainerExited(task_id, "migrate", 0))
    simulation.run(5)
    assert started(simulation) == ["router", "migrate", "app"]
    assert simulation.statuses(task_id)[-1] == "RUNNING"
    simulation.want()
    simulation.run(5)
    assert terminated(simulation) == ["app", "router"]
    app_gone = simulation.time_of(m.TerminateContainer(task_id, "app")) + 0.1
    assert simulation.time_of(m.TerminateContainer(task_id, "router")) == pytest.approx(app_gone)


def test_a_dependency_that_fails_stops_the_task():
    task = definition(
        container("app", ("migrate", "SUCCESS")), container("migrate", essential=False)
    )
    simulation = Simulation()
    simulation.want(service_spec(task_spec(task)))
    simulation.run(1.5)
    [task_id] = simulation.running()
    simulation.happen(m.ContainerExited(task_id, "migrate", 3))
    simulation.run(0.5)
    reasons = [e.reason for e in simulation.published(TaskStateChanged) if e.task_id == task_id]
    assert reasons[-1] == "Container app depends on migrate reaching SUCCESS, which it did not"
    assert "app" not in started(simulation)[:2]


def test_a_dependency_that_takes_too_long_stops_the_task():
    slow = replace(CHECK, retries=10, interval=60)
    task = definition(
        container("app", ("router", "HEALTHY")),
        container("router", health_check=slow, start_timeout=30, essential=False),
    )
    simulation = Simulation(probes=lambda *_: False)
    simulation.want(service_spec(task_spec(task)))
    simulation.run(25)
    [task_id] = simulation.running()
    simulation.run(10)
    reasons = [e.reason for e in simulation.published(TaskStateChanged) if e.task_id == task_id]
    assert reasons[-1] == "Container router did not reach HEALTHY within its startTimeout"


def test_a_dependency_that_was_met_is_no_longer_awaited():
    slow = replace(CHECK, retries=10, interval=60)
    task = definition(
        container("app", ("migrate", "SUCCESS"), ("router", "HEALTHY")),
        container("migrate", start_timeout=30, essential=False),
        container("router", health_check=slow, start_timeout=300, essential=False),
    )
    simulation = Simulation(probes=lambda *_: False)
    simulation.want(service_spec(task_spec(task)))
    simulation.run(1.5)
    [task_id] = simulation.running()
    simulation.happen(m.ContainerExited(task_id, "migrate", 0))
    simulation.run(100)  # the test fails if a deadline that has passed is due repeatedly
    assert simulation.running() == [task_id]


def test_an_omitted_dependency_counts_as_met():
    task = definition(container("app", ("router", "HEALTHY")), container("router"))
    simulation = Simulation()
    simulation.want(service_spec(task_spec(task, without="router")))
    simulation.run(5)
    assert started(simulation) == ["app"]
    assert simulation.scheduler.is_steady


def test_a_task_stopped_during_its_start_leaves_nothing():
    simulation = Simulation(start_delay=5)
    simulation.want(service_spec(web_task()))
    simulation.run(2)
    simulation.want()
    simulation.run(10)
    assert simulation.scheduler.tasks == {}
    assert terminated(simulation) == ["web"]


def test_a_standalone_task_ends_with_its_container():
    simulation = Simulation()
    task_id, actions = simulation.scheduler.run(task_spec(definition(container("job"))), 1000.0)
    simulation.carry_out(actions)
    simulation.run(5)
    simulation.happen(m.ContainerExited(task_id, "job", 3))
    simulation.run(1)
    life = simulation.scheduler.tasks[task_id]
    assert (life.status, life.containers["job"].exit_code) == ("STOPPED", 3)
    assert len(simulation.actions(m.ReleaseTask)) == 1


POLICY = RestartPolicy(after=60, ignored=(3,))


def restarting(*, essential: bool = True) -> tuple[Simulation, str]:
    task = definition(
        container("app", ("router", "HEALTHY")),
        container("router", health_check=CHECK, restart=POLICY, essential=essential),
    )
    simulation = Simulation()
    simulation.want(service_spec(task_spec(task)))
    simulation.run(5)
    [task_id] = simulation.running()
    return simulation, task_id


def test_a_container_with_a_restart_policy_begins_again():
    """The task and its other containers go on; the volume between two starts is the task's."""
    simulation, task_id = restarting()
    simulation.run(60)
    simulation.happen(m.ContainerExited(task_id, "router", 137))
    simulation.run(5)
    life = simulation.scheduler.tasks[task_id]
    assert started(simulation) == ["router", "app", "router"]
    assert (life.status, life.health) == ("RUNNING", "HEALTHY")
    simulation.happen(m.ContainerExited(task_id, "router", 137))
    simulation.run(5)
    assert life.status == "STOPPED", "it began again less than restartAttemptPeriod ago"
    assert life.explanation.startswith("Essential container in task exited")


@pytest.mark.parametrize(("after", "code"), [(10, 137), (70, 3)])
def test_an_early_end_or_an_ignored_code_is_the_tasks_end(after: float, code: int):
    simulation, task_id = restarting()
    simulation.run(after)
    simulation.happen(m.ContainerExited(task_id, "router", code))
    simulation.run(5)
    assert simulation.scheduler.tasks.get(task_id) is None or (
        simulation.scheduler.tasks[task_id].status == "STOPPED"
    )


def test_a_restarted_target_takes_no_request_before_it_is_healthy():
    simulation = Simulation()
    simulation.want(service_spec(web_task(health_check=CHECK, restart=POLICY)))
    simulation.run(70)
    [task_id] = simulation.running()
    simulation.happen(m.ContainerExited(task_id, "web", 1))
    simulation.run(0.5)
    assert simulation.published(TargetDeregistered)
    before = len(simulation.published(TargetRegistered))
    simulation.run(5)
    assert len(simulation.published(TargetRegistered)) == 2 * before
    assert simulation.scheduler.tasks[task_id].serves
