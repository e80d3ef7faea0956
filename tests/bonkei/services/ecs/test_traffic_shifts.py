"""Blue/green, canary and linear deployments: the requests move, and then the old tasks stop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bonkei.base.aws_service import AwsServiceError, Principal, RoleSession
from bonkei.base.events import (
    ServiceEndpointAdded,
    ServiceEndpointRemoved,
    TargetDeregistered,
    TargetRegistered,
    TrafficShifted,
)
from bonkei.blueprint.ecs import LifecycleHook, ServiceTarget, TrafficShift
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.hooks import verdict
from bonkei.services.ecs.scheduling.circuit_breaker import CircuitBreaker
from bonkei.services.ecs.scheduling.service_state import ServiceSpec, Trial
from bonkei.services.ecs.scheduling.traffic import phases
from bonkei.services.ecs.task_spec import Registrations

from .conftest import definition, web_container
from .simulation import SERVICE, Simulation, service_spec, task_spec
from .test_trials import dies, failure, ring

BLUE, GREEN = "arn:tg/blue", "arn:tg/green"
TARGET = ServiceTarget(BLUE, "web", 8000, GREEN, "arn:rule/visitors", "arn:rule/tests")
BLUE_GREEN = TrafficShift("BLUE_GREEN", bake=2)
CANARY = TrafficShift("CANARY", ((10, 1),), bake=2)
LINEAR = TrafficShift("LINEAR", ((40, 1), (80, 1)), bake=0)
ALARMS = Trial(alarms=frozenset({"web-5xx"}), rollback=True)


def revision(
    number: int, shift: TrafficShift = BLUE_GREEN, *, released: bool = True, desired: int = 2
) -> ServiceSpec:
    registrations = Registrations((TARGET,), (("http", ("web", 8000)),))
    task = task_spec(definition(web_container(), revision=number), registrations)
    return service_spec(
        task,
        desired,
        circuit_breaker=CircuitBreaker(enabled=True, rollback=True),
        trial=ALARMS,
        deployment_id=f"ecs-svc/{number}" if released else "",
        phases=phases(shift),
    )


def serving(desired: int = 2) -> Simulation:
    simulation = Simulation()
    simulation.want(revision(1, released=False, desired=desired))
    simulation.run(10)
    assert simulation.rollouts() == ["IN_PROGRESS", "COMPLETED"]
    assert runs(simulation) == ({1: desired} if desired else {})
    assert weight(simulation) == {BLUE: 100, GREEN: 0}
    return simulation


def runs(simulation: Simulation) -> dict[int, int]:
    """The number of tasks of each revision that are not about to stop."""
    tasks = simulation.scheduler.tasks
    found = [tasks[one].spec.definition.revision for one in simulation.running()]
    return {one: found.count(one) for one in sorted(set(found))}


def weight(simulation: Simulation, rule: str = TARGET.production_rule) -> dict[str, int]:
    *_, last = (e for e in simulation.published(TrafficShifted) if e.rule_arn == rule)
    return dict(last.weights)


def registered(simulation: Simulation, group: str) -> set[str]:
    return _left(simulation, TargetRegistered, TargetDeregistered, target_group_arn=group)


def called(simulation: Simulation) -> set[int]:
    """The revisions that other services reach."""
    tasks = _left(simulation, ServiceEndpointAdded, ServiceEndpointRemoved, port_name="http")
    return {simulation.scheduler.tasks[one].spec.definition.revision for one in tasks}


def _left(simulation: Simulation, come: type[Any], gone: type[Any], **of: str) -> set[str]:
    found: set[str] = set()
    for action in simulation.actions(m.Publish):
        event = action.event
        if isinstance(event, come | gone) and all(getattr(event, k) == v for k, v in of.items()):
            (found.add if isinstance(event, come) else found.discard)(event.task_id)
    return found


def test_blue_green_moves_all_requests_at_once_and_the_old_tasks_stay_for_the_bake() -> None:
    simulation = serving()
    old = registered(simulation, BLUE)
    simulation.want(revision(2))
    simulation.run(1.5)
    assert weight(simulation) == {BLUE: 100, GREEN: 0}, "the new tasks are not healthy yet"
    assert weight(simulation, TARGET.test_rule) == {BLUE: 100, GREEN: 0}
    simulation.run(3.5)
    assert weight(simulation) == {GREEN: 100, BLUE: 0}
    assert weight(simulation, TARGET.test_rule) == {GREEN: 100, BLUE: 0}
    assert len(registered(simulation, GREEN)) == 2
    simulation.run(110)
    assert runs(simulation) == {1: 2, 2: 2}
    assert registered(simulation, BLUE) == old
    simulation.run(20)
    assert runs(simulation) == {2: 2}
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "COMPLETED"]
    assert simulation.scheduler.is_steady

    simulation.want(revision(3))
    simulation.run(5)
    assert weight(simulation) == {BLUE: 100, GREEN: 0}, "the sides change with each deployment"
    simulation.run(140)
    assert runs(simulation) == {3: 2}


@pytest.mark.parametrize(
    ("shift", "expected"),
    [(BLUE_GREEN, [0, 100]), (CANARY, [0, 10, 100]), (LINEAR, [0, 40, 80, 100])],
)
def test_the_weights_follow_the_strategy(shift: TrafficShift, expected: list[int]) -> None:
    simulation = serving()
    before = len(simulation.published(TrafficShifted))
    simulation.want(revision(2, shift))
    simulation.run(600)
    events = simulation.published(TrafficShifted)[before:]
    found = [dict(e.weights)[GREEN] for e in events if e.rule_arn == TARGET.production_rule]
    assert list(dict.fromkeys(found)) == expected
    assert simulation.rollouts()[-1] == "COMPLETED"
    assert runs(simulation) == {2: 2}


def test_a_canary_has_its_minute() -> None:
    simulation = serving()
    simulation.want(revision(2, CANARY))
    simulation.run(50)
    assert weight(simulation) == {GREEN: 10, BLUE: 90}
    simulation.run(20)
    assert weight(simulation) == {GREEN: 100, BLUE: 0}


@pytest.mark.parametrize("at", [30.0, 100.0], ids=["canary", "bake"])
def test_an_alarm_brings_the_requests_back_to_tasks_that_never_stopped(at: float) -> None:
    simulation = serving()
    old = registered(simulation, BLUE)
    simulation.want(revision(2, CANARY))
    simulation.run(at)
    begin = len(simulation.history)
    ring(simulation)
    simulation.run(60)
    assert weight(simulation) == {BLUE: 100, GREEN: 0}
    assert registered(simulation, BLUE) == old
    assert registered(simulation, GREEN) == set()
    assert runs(simulation) == {1: 2}
    after = [a.event for _, a in simulation.history[begin:] if isinstance(a, m.Publish)]
    kinds = [type(e) for e in after if isinstance(e, TrafficShifted | TargetDeregistered)]
    assert kinds[0] is TrafficShifted, "the requests leave before the tasks"
    assert called(simulation) == {1}
    assert failure(simulation) == "ECS deployment alarms: web-5xx in ALARM. Rolled back to web:1."
    assert simulation.rollouts()[-1] == "COMPLETED"


def test_a_program_that_dies_at_its_start_gets_no_request() -> None:
    simulation = serving()
    dies(simulation, after=0.5)
    simulation.want(revision(2))
    simulation.run(120)
    assert {dict(e.weights)[GREEN] for e in simulation.published(TrafficShifted)} == {0}
    assert runs(simulation) == {1: 2}
    assert "Rolled back to web:1." in failure(simulation)
    simulation.want(revision(3))
    simulation.run(140)
    assert runs(simulation) == {3: 2}
    assert weight(simulation) == {GREEN: 100, BLUE: 0}


def test_a_dead_old_task_is_replaced_on_its_side_during_the_bake() -> None:
    simulation = serving()
    simulation.want(revision(2))
    simulation.run(30)
    one = min(registered(simulation, BLUE))
    simulation.happen(m.ContainerExited(one, "web", 1))
    simulation.run(10)
    assert runs(simulation) == {1: 2, 2: 2}
    assert len(registered(simulation, BLUE)) == 2
    assert called(simulation) == {2}
    assert simulation.rollouts()[2:] == ["IN_PROGRESS"], "the new deployment has not failed"


def test_a_newer_deployment_takes_the_place_of_one_that_shifts() -> None:
    simulation = serving()
    simulation.want(revision(2, CANARY))
    simulation.run(30)
    simulation.want(revision(3, CANARY))
    simulation.run(1)
    assert weight(simulation) == {BLUE: 100, GREEN: 0}
    simulation.run(30)
    assert runs(simulation) == {1: 2, 3: 2}
    assert weight(simulation) == {GREEN: 10, BLUE: 90}
    simulation.run(300)
    assert runs(simulation) == {3: 2}


def test_calls_of_other_services_move_with_the_last_request() -> None:
    simulation = serving()
    seen: list[set[int]] = []
    carry_out = simulation.carry_out

    def watch(actions: Any) -> None:
        for action in actions:
            carry_out([action])
            seen.append(called(simulation))

    simulation.carry_out = watch  # type: ignore[method-assign]
    simulation.want(revision(2, CANARY))
    simulation.run(50)
    assert seen[-1] == {1}
    simulation.run(200)
    assert seen[-1] == {2}
    assert all(seen), "there is no moment without any"


def test_a_service_without_tasks_has_nothing_to_shift_from() -> None:
    simulation = serving(desired=0)
    simulation.want(revision(2, CANARY))
    simulation.run(10)
    assert simulation.rollouts()[2:] == ["IN_PROGRESS", "COMPLETED"]
    assert runs(simulation) == {2: 2}
    [group] = [group for group, share in weight(simulation).items() if share == 100]
    assert len(registered(simulation, group)) == 2


def test_an_apply_shifts_without_waits() -> None:
    simulation = serving()
    simulation.want(revision(2, CANARY, released=False))
    simulation.run(10)
    assert runs(simulation) == {2: 2}
    assert weight(simulation) == {GREEN: 100, BLUE: 0}


def test_a_removed_service_stops_in_the_middle_of_a_shift() -> None:
    simulation = serving()
    simulation.want(revision(2, CANARY))
    simulation.run(30)
    simulation.want()
    simulation.run(60)
    assert SERVICE not in simulation.scheduler.services
    assert not simulation.scheduler.tasks


HOOK = LifecycleHook("arn:function:look", "arn:role", ("POST_TEST_TRAFFIC_SHIFT", "PRE_SCALE_UP"))


def asked(simulation: Simulation) -> list[m.CallHook]:
    return list(simulation.actions(m.CallHook))


def answer(simulation: Simulation, verdict: str = "") -> None:
    call, now = asked(simulation)[-1], simulation.now
    simulation.carry_out(simulation.scheduler.hook_answered(call, verdict, now))


def test_a_deployment_waits_for_its_hooks() -> None:
    simulation = serving()
    simulation.want(revision(2, replace(CANARY, hooks=(HOOK,))))
    simulation.run(60)
    assert [call.stage for call in asked(simulation)] == ["PRE_SCALE_UP"]
    assert runs(simulation) == {1: 2}, "no task starts before"
    answer(simulation)
    simulation.run(60)
    assert [call.stage for call in asked(simulation)[1:]] == ["POST_TEST_TRAFFIC_SHIFT"]
    assert weight(simulation, TARGET.test_rule) == {GREEN: 100, BLUE: 0}
    assert weight(simulation) == {BLUE: 100, GREEN: 0}
    answer(simulation)
    simulation.run(300)
    assert runs(simulation) == {2: 2}


@pytest.mark.parametrize("agreed", [0, 1])
def test_a_hook_that_objects_ends_the_deployment(agreed: int) -> None:
    simulation = serving()
    old = registered(simulation, BLUE)
    simulation.want(revision(2, replace(CANARY, hooks=(HOOK,))))
    for _ in range(agreed):
        answer(simulation)
        simulation.run(30)
    answer(simulation, "look answered FAILED")
    simulation.run(60)
    assert registered(simulation, BLUE) == old
    assert runs(simulation) == {1: 2}
    assert weight(simulation, TARGET.test_rule) == {BLUE: 100, GREEN: 0}
    assert failure(simulation) == (
        "ECS deployment lifecycle hooks: look answered FAILED. Rolled back to web:1."
    )


@pytest.mark.parametrize("shifts", [True, False], ids=["canary", "rolling"])
def test_a_person_stops_a_deployment(shifts: bool) -> None:
    simulation = serving()
    wanted = revision(2, CANARY)
    simulation.want(wanted if shifts else replace(wanted, phases=()))
    simulation.run(0.1)
    stop = simulation.scheduler.stop_deployment
    simulation.carry_out(stop(wanted.arn, "ecs-svc/1", simulation.now))
    assert simulation.rollouts()[-1] == "IN_PROGRESS"
    simulation.carry_out(stop(wanted.arn, "ecs-svc/2", simulation.now))
    simulation.run(60)
    assert runs(simulation) == {1: 2}
    assert failure(simulation) == (
        "The deployment was stopped by StopServiceDeployment. Rolled back to web:1."
    )


def test_a_late_answer_of_an_earlier_deployment_says_nothing() -> None:
    simulation = serving()
    simulation.want(revision(2, replace(CANARY, hooks=(HOOK,))))
    late = asked(simulation)[-1]
    simulation.want(revision(3, replace(CANARY, hooks=(HOOK,))))
    simulation.carry_out(simulation.scheduler.hook_answered(late, "no", simulation.now))
    answer(simulation)
    simulation.run(30)
    answer(simulation)
    simulation.run(300)
    assert runs(simulation) == {3: 2}


class Functions:
    """Answers Invoke with these payloads in turn."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [*answers]
        self.events: list[dict[str, Any]] = []
        self.principals: list[Principal] = []

    async def call(
        self, principal: Principal, service: str, operation: str,
        parameters: Mapping[str, Any], region: str = "",
    ) -> Mapping[str, Any]:  # fmt: skip
        assert (service, operation, region) == ("lambda", "Invoke", "")
        self.principals.append(principal)
        self.events.append(json.loads(parameters["Payload"]))
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found if "Payload" in found else {"Payload": json.dumps(found).encode()}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([{"hookStatus": "SUCCEEDED"}], ""),
        ([{"hookStatus": "IN_PROGRESS", "hookDetails": {"n": 1}}, {"hookStatus": "SUCCEEDED"}], ""),
        ([{"hookStatus": "FAILED"}], "look answered FAILED"),
        ([{"status": "ok"}], "look answered without a hookStatus of SUCCEEDED, FAILED"),
        ([{"Payload": b"[]"}], "look answered without a hookStatus"),
        ([{"Payload": b"<"}], "look could not be asked: Expecting value"),
        ([{"Payload": b"gone", "FunctionError": "Unhandled"}], "look could not be asked: "),
        ([AwsServiceError("AccessDeniedException", "no")], "look could not be asked: "),
    ],
)
async def test_what_a_hook_answers(answers: list[Any], expected: str) -> None:
    functions = Functions(*answers)
    hook = replace(HOOK, details='{"stage": "last"}')
    found = await verdict(functions, m.CallHook("arn:s", "ecs-svc/2", "PRE_SCALE_UP", hook), 0.01)
    assert found.startswith(expected)
    assert bool(found) == bool(expected)
    assert functions.principals[0] == RoleSession("arn:role", "ecs-lifecycle-hook")
    assert functions.events[0]["lifecycleStage"] == "PRE_SCALE_UP"
    assert functions.events[-1]["hookDetails"] == (
        {"stage": "last"} if len(answers) == 1 else {"stage": "last", "n": 1}
    )
