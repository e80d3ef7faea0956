"""Target tracking: series of datapoints and the resulting capacity, without a clock."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint.ecs import AutoScaling, TargetTracking
from bonkei.services.ecs.scaling.auto_scaling import CPU, MEMORY
from bonkei.services.ecs.scaling.target_tracking import Activity, Cooldown, track

POLICY = TargetTracking(CPU, 60, scale_in_cooldown=300, scale_out_cooldown=60)
MEMORY_POLICY = TargetTracking(MEMORY, 80)
NOW = 1000.0


def scaling(*policies: TargetTracking, least: int = 2, most: int = 12) -> AutoScaling:
    return AutoScaling(least, most, policies or (POLICY,))


def decide(
    capacity: int,
    history: dict[str, list[float | None]] | list[float | None],
    *policies: TargetTracking,
    cooldown: Cooldown = Cooldown(),  # noqa: B008
    deploying: bool = False,
    now: float = NOW,
) -> Activity | None:
    series = history if isinstance(history, dict) else {CPU: history}
    return track(scaling(*policies), capacity, series, cooldown, now, deploying=deploying)


def capacity_of(activity: Activity | None) -> int | None:
    return activity.capacity if activity else None


@pytest.mark.parametrize(
    ("capacity", "series", "wanted"),
    [
        (3, [90, 90], None),  # two datapoints are not a breach
        (3, [90, 90, 90], 5),  # ceil(3 × 90 / 60)
        (3, [90, 90, 60], None),  # a value at the target is not above it
        (3, [10, 100, 100, 61], 4),  # the newest datapoint counts
        (3, [90, None, 90], None),  # no data, no scaling
        (3, [90, 90, 90, None], None),
        (10, [100, 100, 100], 12),  # the maximum
        (12, [100, 100, 100], None),
        (0, [100, 100, 100], None),
    ],
)
def test_three_datapoints_above_the_target_scale_out(capacity, series, wanted):
    assert capacity_of(decide(capacity, series)) == wanted


@pytest.mark.parametrize(
    ("capacity", "series", "wanted"),
    [
        (6, [10] * 14, None),
        (6, [10] * 15, 2),  # the minimum
        (6, [30] * 15, 3),
        (6, [30] * 14 + [53.9], None),  # ceil(6 × 53.9 / 60) equals the present capacity
        (6, [30] * 14 + [54], None),  # 90 % of the target is not below it
        (6, [54] + [30] * 14, None),
        (6, [30] * 14 + [None], None),  # insufficient data is not low utilization
        (2, [1] * 15, None),
    ],
)
def test_fifteen_datapoints_below_nine_tenths_of_the_target_scale_in(capacity, series, wanted):
    assert capacity_of(decide(capacity, series)) == wanted


def test_the_cause_has_metric_value_and_target():
    activity = decide(3, [90, 90, 90])
    assert activity is not None
    assert activity.cause == "ECSServiceAverageCPUUtilization is 90.0, its target 60"


def test_during_the_scale_out_cooldown_only_a_larger_scale_out_happens():
    first = decide(4, [80, 80, 80])
    assert first == Activity(6, Cooldown(NOW + 60, 4), first.cause if first else "")
    cooldown = first.cooldown
    assert decide(6, [80, 80, 80], cooldown=cooldown, now=NOW + 59) is None
    larger = decide(6, [80, 80, 100], cooldown=cooldown, now=NOW + 59)
    assert capacity_of(larger) == 7  # ceil(4 × 100 / 60): added tasks count
    assert capacity_of(decide(6, [80, 80, 80], cooldown=cooldown, now=NOW + 60)) == 8


def test_the_scale_in_cooldown_blocks_scaling_in_and_never_scaling_out():
    first = decide(6, [30] * 15)
    assert first is not None
    assert first.cooldown == Cooldown(in_until=NOW + 300)
    assert decide(3, [10] * 15, cooldown=first.cooldown, now=NOW + 299) is None
    assert capacity_of(decide(3, [10] * 15, cooldown=first.cooldown, now=NOW + 300)) == 2
    out = decide(3, [90] * 15, cooldown=first.cooldown, now=NOW + 1)
    assert out is not None
    assert (out.capacity, out.cooldown.in_until) == (5, -math.inf)


def test_a_deployment_disables_scaling_in_only():
    assert decide(6, [30] * 15, deploying=True) is None
    assert capacity_of(decide(6, [90] * 15, deploying=True)) == 9


def test_any_policy_scales_out_and_the_largest_capacity_wins():
    both = (POLICY, MEMORY_POLICY)
    assert capacity_of(decide(4, {CPU: [10] * 15, MEMORY: [100] * 15}, *both)) == 5
    assert capacity_of(decide(4, {CPU: [90] * 15, MEMORY: [100] * 15}, *both)) == 6


def test_only_all_policies_together_scale_in_and_the_largest_capacity_wins():
    both = (POLICY, MEMORY_POLICY)
    assert decide(8, {CPU: [10] * 15, MEMORY: [75] * 15}, *both) is None
    assert decide(8, {CPU: [10] * 15}, *both) is None
    assert capacity_of(decide(8, {CPU: [10] * 15, MEMORY: [40] * 15}, *both)) == 4


def test_a_policy_that_must_not_scale_in_is_ignored():
    fixed = TargetTracking(CPU, 60, disable_scale_in=True)
    assert decide(8, [10] * 15, fixed) is None
    assert capacity_of(decide(8, [90] * 15, fixed)) == 12
    history = {CPU: [70.0] * 2 + [55.0] * 13, MEMORY: [40.0] * 15}
    assert capacity_of(decide(8, history, fixed, MEMORY_POLICY)) == 4


def test_an_unmeasured_metric_keeps_the_capacity():
    requests = TargetTracking("ALBRequestCountPerTarget", 100)
    assert decide(8, [10] * 15, POLICY, requests) is None


def test_a_service_without_load_keeps_one_task_for_measurements():
    bounds = AutoScaling(0, 5, (POLICY,))
    assert capacity_of(track(bounds, 3, {CPU: [0.0] * 15}, Cooldown(), NOW)) == 1
    assert track(bounds, 0, {CPU: [0.0] * 15}, Cooldown(), NOW) is None


def test_without_policies_nothing_is_scaled():
    assert track(AutoScaling(1, 9), 5, {CPU: [1.0] * 15}, Cooldown(), NOW) is None


@given(
    st.integers(0, 5), st.integers(5, 20), st.data(),
    st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=15),
    st.floats(1, 100), st.booleans(),
)  # fmt: skip
def test_a_capacity_stays_within_its_bounds_and_follows_the_metric(
    least, most, data, series, target, deploying
):
    bounds = AutoScaling(least, most, (TargetTracking(CPU, target),))
    capacity = data.draw(st.integers(least, most))
    activity = track(bounds, capacity, {CPU: series}, Cooldown(), NOW, deploying=deploying)
    if activity is not None:
        assert least <= activity.capacity <= most
        newest = series[-1]
        assert newest is not None
        assert (activity.capacity > capacity) == (newest > target)
        assert not (deploying and activity.capacity < capacity)
