"""A release's deployment: it is complete when its tasks have stayed healthy, and no alarm rings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.base.events import DeploymentStateChanged
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.blueprint.ecs import ContainerHealthCheck, DeploymentAlarms
from bonkei.blueprint.elbv2 import TargetGroup, TargetHealthCheck
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.compose import compose
from bonkei.services.ecs.reporting import describe
from bonkei.services.ecs.scheduling.circuit_breaker import CircuitBreaker
from bonkei.services.ecs.scheduling.service_state import ServiceSpec, Trial
from bonkei.services.ecs.task_spec import Registrations

from .conftest import GROUP, TARGETS, definition, service, web_container
from .simulation import SERVICE, Simulation, service_spec, task_spec

TRIAL = Trial(healthy_for=20.0, bake=60.0, alarms=frozenset({"web-5xx"}), rollback=True)


def revision(number: int, trial: Trial = TRIAL, *, released: bool = True) -> ServiceSpec:
    """As `ecs update-service` asks for it; not `released`: as an apply does."""
    task = task_spec(definition(web_container(), revision=number), Registrations(TARGETS))
    return service_spec(
        task,
        circuit_breaker=CircuitBreaker(enabled=True, rollback=True),
        trial=trial,
        deployment_id=f"ecs-svc/{number}" if released else "",
    )


def serving(trial: Trial = TRIAL) -> Simulation:
    simulation = Simulation()
    simulation.want(revision(1, trial, released=False))
    simulation.run(5)
    assert simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"], "an apply is quick"
    return simulation


def dies(simulation: Simulation, after: float, revision: int = 2) -> None:
    """Each task of a revision ends that long after its start."""
    answer, tasks = simulation.answer, simulation.scheduler.tasks

    def also_exit(action: m.Action) -> None:
        answer(action)
        if isinstance(action, m.StartContainer):
            task = action.task_id
            if tasks[task].spec.definition.revision == revision:
                simulation.happen(m.ContainerExited(task, "web", 3), 1 + after)

    simulation.answer = also_exit  # type: ignore[method-assign]


def ring(simulation: Simulation, rings: bool = True) -> None:
    simulation.carry_out(simulation.scheduler.alarm("web-5xx", rings=rings, now=simulation.now))


def failure(simulation: Simulation) -> str:
    [shown] = describe(simulation.scheduler, (), {}).services
    return shown.failure


def test_a_release_is_complete_after_its_checks_and_its_bake() -> None:
    simulation = serving()
    [old] = simulation.running()
    simulation.want(revision(2))
    simulation.run(19)
    assert old in simulation.running(), "the new task has not been healthy for long enough"
    simulation.run(5)
    assert old not in simulation.running()
    simulation.run(50)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS"]
    simulation.run(15)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "COMPLETED"]
    state = simulation.scheduler.services[SERVICE]
    simulation.carry_out(simulation.scheduler.scale(SERVICE, 2, "load", simulation.now))
    simulation.run(3)
    assert state.counts().new_healthy == 2, "later tasks are quick"


def test_a_program_that_dies_after_ten_seconds_is_given_up() -> None:
    simulation = serving()
    [old] = simulation.running()
    dies(simulation, after=10)
    simulation.want(revision(2))
    simulation.run(60)
    assert simulation.running() == [old]
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "FAILED", "IN_PROGRESS", "COMPLETED"]
    assert "Essential container in task exited (web: exit code 3)" in failure(simulation)


def test_the_same_program_is_not_given_up_while_a_person_develops() -> None:
    simulation = serving()
    dies(simulation, after=10)
    simulation.want(revision(2, released=False))
    simulation.run(60)
    assert "FAILED" not in simulation.rollouts()


@pytest.mark.parametrize("at", [10.0, 50.0])
def test_an_alarm_stops_a_deployment_and_ecs_goes_back(at: float) -> None:
    simulation = serving()
    simulation.want(revision(2))
    simulation.run(at)
    ring(simulation)
    simulation.run(40)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "FAILED", "IN_PROGRESS", "COMPLETED"]
    assert failure(simulation) == ("ECS deployment alarms: web-5xx in ALARM. Rolled back to web:1.")
    runs = {
        simulation.scheduler.tasks[one].spec.definition.revision for one in simulation.running()
    }
    assert runs == {1}


def test_without_rollback_an_alarm_only_stops_the_deployment() -> None:
    simulation = serving()
    simulation.want(revision(2, replace(TRIAL, rollback=False)))
    simulation.run(10)
    ring(simulation)
    simulation.run(100)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "FAILED"]


def test_alarms_that_ring_already_do_not_stop_the_correction() -> None:
    simulation = serving()
    ring(simulation)
    simulation.want(revision(2))
    simulation.run(30)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "COMPLETED"]


def test_an_alarm_after_the_end_changes_nothing() -> None:
    simulation = serving()
    simulation.want(revision(2))
    simulation.run(90)
    ring(simulation)
    simulation.run(30)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "COMPLETED"]


def test_the_times_are_those_of_the_declared_checks(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCMD ["run"]\n')
    check = ContainerHealthCheck(("CMD", "check"), interval=15, timeout=5, retries=3)
    task = definition(web_container(health_check=check))
    group = TargetGroup(
        "aws_lb_target_group.web", GROUP, "web", 80, "HTTP",
        TargetHealthCheck(interval=10, healthy_threshold=3),
    )  # fmt: skip
    alarm = Alarm(
        "a", "arn:a", "slow", "GreaterThanThreshold", 1, 1, 1, Metric("A", "b", period=60)
    )
    declared = replace(
        service(task), targets=TARGETS, deployment_alarms=DeploymentAlarms(("slow",), True)
    )
    blueprint = Blueprint(
        services=(declared,), task_definitions=(task,), target_groups=(group,), alarms=(alarm,)
    )
    [spec] = compose(blueprint, {"web": tmp_path}, minute=1.0).services
    assert spec.trial == Trial(30.0, 1.0, frozenset({"slow"}), rollback=True)
    [spec] = compose(replace(blueprint, target_groups=()), {"web": tmp_path}).services
    assert (spec.trial.healthy_for, spec.trial.bake) == (15.0, 60.0)


def test_a_service_that_was_rolled_back_is_not_tried_again_because_of_another() -> None:
    simulation = serving()
    dies(simulation, after=1)
    broken = revision(2)
    simulation.want(broken)
    simulation.run(60)
    assert simulation.rollouts()[-1] == "COMPLETED"
    other = replace(revision(3), arn=f"{SERVICE}-other", name="other")
    simulation.carry_out(
        simulation.scheduler.reconcile((broken, other), simulation.now, only={other.arn})
    )
    simulation.run(60)
    of_web = [e for e in simulation.published(DeploymentStateChanged) if e.service_arn == SERVICE]
    assert [e.rollout_state for e in of_web][2:] == [
        "IN_PROGRESS", "FAILED", "IN_PROGRESS", "COMPLETED",
    ]  # fmt: skip
    simulation.want(broken, other)
    simulation.run(1)
    assert simulation.rollouts()[-1] == "IN_PROGRESS", "an apply tries it again"
