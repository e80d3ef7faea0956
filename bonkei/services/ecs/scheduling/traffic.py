"""How a deployment brings its traffic to its tasks: blue/green, canary and linear. Pure.

The new tasks run beside the old ones, in the service's other target group. Then the weights of the
listener rules move, and last the old tasks stop. Source: "Amazon ECS blue/green deployments",
"canary deployments", "linear deployments" and their lifecycle stages (Amazon ECS Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bonkei.base.events import TrafficShifted
from bonkei.blueprint.ecs import ServiceTarget, TrafficShift

SCALE_UP = "SCALE_UP"


@dataclass(frozen=True, slots=True)
class Phase:
    """The new tasks get `percent` of the requests, and all of the tests' if `tests`, for `wait`
    seconds."""

    stage: str
    percent: float = 0.0
    wait: float = 0.0
    tests: bool = True


def phases(shift: TrafficShift, minute: float = 60.0) -> tuple[Phase, ...]:
    """The phases of a deployment. The first one lasts until its tasks are healthy. `minute`: how
    many seconds one takes."""
    steps = (
        Phase("PRODUCTION_TRAFFIC_SHIFT", percent, wait * minute) for percent, wait in shift.steps
    )
    bake = Phase("BAKE_TIME", 100.0, shift.bake * minute)
    return (Phase(SCALE_UP, tests=False), Phase("TEST_TRAFFIC_SHIFT"), *steps, bake)


def at_once(these: Iterable[Phase]) -> tuple[Phase, ...]:
    """The same phases without their waits."""
    return tuple(replace(phase, wait=0.0) for phase in these)


def side(targets: Iterable[ServiceTarget], *, alternate: bool) -> tuple[ServiceTarget, ...]:
    """A service's targets, for tasks in its alternate target groups or in the others."""
    if not alternate:
        return tuple(targets)
    return tuple(
        replace(each, target_group_arn=each.alternate_arn or each.target_group_arn)
        for each in targets
    )


def shifted(
    targets: Iterable[ServiceTarget], phase: Phase, *, alternate: bool
) -> Iterator[TrafficShifted]:
    """The weights of the service's rules. `alternate`: on which side its new tasks are."""
    for each in targets:
        new, old = each.target_group_arn, each.alternate_arn
        if alternate:
            new, old = old, new
        percents = ((each.production_rule, phase.percent), (each.test_rule, phase.tests * 100.0))
        for rule, percent in percents:
            if rule and each.alternate_arn:
                weight = round(percent)
                yield TrafficShifted(rule, ((new, weight), (old, 100 - weight)))


ALL = Phase("", 100.0)
"""All of the traffic: a deployment without another one beside it."""
