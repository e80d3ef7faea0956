"""The number of tasks that a service should have: target tracking, as a function of datapoints and
time.

Source: "Target tracking scaling policies" and "How target tracking scaling works" (Application Auto
Scaling User Guide), "Use a target metric to scale Amazon ECS services" (Amazon ECS Developer
Guide). AWS makes two alarms from a policy: above the target in 3 datapoints of a minute, and below
90 % of it in 15. Availability comes first: any policy can scale out, but only all together scale
in, and the largest capacity wins. During a deployment nothing is scaled in. Without data nothing is
scaled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf

from bonkei.blueprint.ecs import AutoScaling, TargetTracking

OUT_AFTER, IN_AFTER = 3, 15  # datapoints in a row
IN_BELOW = 0.9  # of the target

History = Mapping[str, Sequence[float | None]]  # by metric, the newest last; None: no data


@dataclass(frozen=True, slots=True)
class Cooldown:
    """The cooldowns of the last activities. Times are in seconds on the caller's clock.

    Until `out_until`, the tasks added since `out_from` count towards the next scale-out.
    """

    out_until: float = -inf
    out_from: int = 0
    in_until: float = -inf


@dataclass(frozen=True, slots=True)
class Activity:
    """Set this capacity and this cooldown. `cause` explains the activity to the user."""

    capacity: int
    cooldown: Cooldown
    cause: str


@dataclass(frozen=True, slots=True)
class _Proposal:
    capacity: int
    policy: TargetTracking
    value: float

    @property
    def cause(self) -> str:
        return f"{self.policy.metric} is {self.value:.1f}, its target {self.policy.target_value:g}"


def track(
    scaling: AutoScaling,
    capacity: int,
    history: History,
    cooldown: Cooldown,
    now: float,
    *,
    deploying: bool = False,
) -> Activity | None:
    """The activity after a datapoint; None if the capacity is right, or must not change."""
    out = _scale_out(scaling, capacity, history, cooldown, now)
    if out is not None or deploying or now < cooldown.in_until:
        return out
    return _scale_in(scaling, capacity, history, now)


def _scale_out(
    scaling: AutoScaling, capacity: int, history: History, cooldown: Cooldown, now: float
) -> Activity | None:
    base = cooldown.out_from if now < cooldown.out_until else capacity
    proposals = [
        _propose(policy, base, values[-1])
        for policy in scaling.policies
        if (values := _newest(history, policy.metric, OUT_AFTER))
        and min(values) > policy.target_value
    ]
    if not proposals:
        return None
    best = max(proposals, key=lambda proposal: proposal.capacity)
    wanted = min(best.capacity, scaling.max_capacity)
    if wanted <= capacity:
        return None
    return Activity(wanted, Cooldown(now + best.policy.scale_out_cooldown, base), best.cause)


def _scale_in(scaling: AutoScaling, capacity: int, history: History, now: float) -> Activity | None:
    policies = [policy for policy in scaling.policies if not policy.disable_scale_in]
    proposals = list(_ready_to_scale_in(policies, capacity, history))
    if not policies or len(proposals) < len(policies):
        return None
    best = max(proposals, key=lambda proposal: proposal.capacity)
    wanted = max(best.capacity, scaling.min_capacity, 1)  # without tasks there is no metric
    if wanted >= capacity:
        return None
    return Activity(wanted, Cooldown(in_until=now + best.policy.scale_in_cooldown), best.cause)


def _ready_to_scale_in(
    policies: Sequence[TargetTracking], capacity: int, history: History
) -> Iterator[_Proposal]:
    for policy in policies:
        values = _newest(history, policy.metric, IN_AFTER)
        if values and max(values) < IN_BELOW * policy.target_value:
            yield _propose(policy, capacity, values[-1])


def _newest(history: History, metric: str, count: int) -> list[float]:
    """The last datapoints; none if there are too few, or if one is missing."""
    values = [value for value in history.get(metric, ())[-count:] if value is not None]
    return values if len(values) == count else []


def _propose(policy: TargetTracking, capacity: int, value: float) -> _Proposal:
    # Rounded first: 5 × 60.0 / 60 must not be 6 for the sake of the last bit.
    return _Proposal(ceil(round(capacity * value / policy.target_value, 9)), policy, value)
