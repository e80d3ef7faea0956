"""How a deployment brings its traffic to its tasks: blue/green, canary and linear. Pure.

The new tasks run beside the old ones, in the service's other target group. Then the weights of the
listener rules move, and last the old tasks stop. Source: "Amazon ECS blue/green deployments",
"canary deployments", "linear deployments" and their lifecycle stages (Amazon ECS Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bonkei.base.events import TrafficShifted
from bonkei.blueprint.ecs import LifecycleHook, ServiceTarget, TrafficShift

SCALE_UP = "SCALE_UP"
BEFORE = frozenset({"RECONCILE_SERVICE", "PRE_SCALE_UP"})
"""The stages without new tasks."""
_ALWAYS = frozenset({SCALE_UP, "TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME"})


@dataclass(frozen=True, slots=True)
class Phase:
    """The new tasks get `percent` of the requests, and all of the tests' if `tests`, for `wait`
    seconds, and until the `hooks` have agreed."""

    stage: str
    percent: float = 0.0
    wait: float = 0.0
    tests: bool = True
    hooks: tuple[LifecycleHook, ...] = ()


def phases(shift: TrafficShift, minute: float = 60.0) -> tuple[Phase, ...]:
    """The phases of a deployment. SCALE_UP lasts until its tasks are healthy. `minute`: how many
    seconds one takes. Stages that only hooks know are left out without any."""
    steps = (*shift.steps, (100.0, 0.0))
    every = (
        Phase("RECONCILE_SERVICE", tests=False),
        Phase("PRE_SCALE_UP", tests=False),
        Phase(SCALE_UP, tests=False),
        Phase("POST_SCALE_UP", tests=False),
        Phase("TEST_TRAFFIC_SHIFT"),
        Phase("POST_TEST_TRAFFIC_SHIFT"),
        *(Phase("PRODUCTION_TRAFFIC_SHIFT", percent, wait * minute) for percent, wait in steps),
        Phase("POST_PRODUCTION_TRAFFIC_SHIFT", 100.0),
        Phase("BAKE_TIME", 100.0, shift.bake * minute),
    )
    hooked = (
        replace(each, hooks=tuple(hook for hook in shift.hooks if each.stage in hook.stages))
        for each in every
    )
    return tuple(each for each in hooked if each.hooks or each.stage in _ALWAYS)


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
