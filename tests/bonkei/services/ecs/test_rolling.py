"""The arithmetic of rolling updates, with any numbers and any order of events."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.services.ecs.scheduling.rolling import Counts, Limits, Step, next_step


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "lower", "upper"),
    [
        (4, 50, 200, 2, 8),  # the example from AWS's document
        (3, 50, 150, 2, 4),  # rounded up, rounded down
        (1, 100, 200, 1, 2),
        (1, 0, 100, 0, 1),
        (0, 100, 200, 0, 0),
    ],
)
def test_limits_round_as_ecs_does(desired, minimum, maximum, lower, upper):
    limits = Limits(desired, minimum, maximum)
    assert (limits.lower, limits.upper) == (lower, upper)


def test_a_new_service_starts_all_at_once():
    assert next_step(Limits(3), Counts()) == Step(start=3)


def test_with_room_new_tasks_start_before_any_old_one_stops():
    assert next_step(Limits(2, 100, 200), Counts(old_healthy=2)) == Step(start=2)
    assert next_step(Limits(2, 100, 200), Counts(new_pending=2, old_healthy=2)) == Step()
    assert next_step(
        Limits(2, 100, 200), Counts(new_healthy=1, new_pending=1, old_healthy=2)
    ) == Step(stop_old_healthy=1)


def test_without_room_old_tasks_stop_as_far_as_the_minimum_allows():
    assert next_step(Limits(4, 50, 100), Counts(old_healthy=4)) == Step(stop_old_healthy=2)
    assert next_step(Limits(1, 100, 100), Counts(old_healthy=1)) == Step(stuck=True)


def test_a_failed_task_stays_until_its_replacement_serves():
    limits = Limits(1, 100, 200)
    assert next_step(limits, Counts(new_failed=1)) == Step(start=1)
    assert next_step(limits, Counts(new_failed=1, new_pending=1)) == Step()
    assert next_step(limits, Counts(new_failed=1, new_healthy=1)) == Step(stop_new_failed=1)


def test_a_failed_task_is_removed_first_when_its_place_is_needed():
    assert next_step(Limits(1, 100, 100), Counts(new_failed=1)) == Step(stop_new_failed=1)


def test_scaling_in_removes_pending_tasks_first():
    assert next_step(Limits(1), Counts(new_healthy=1, new_pending=2)) == Step(stop_new_surplus=2)


limits = st.builds(Limits, st.integers(0, 12), st.integers(0, 100), st.integers(100, 400))
small = st.integers(0, 12)
counts = st.builds(Counts, small, small, small, small, small)


def after(counts: Counts, step: Step) -> Counts:
    """The tasks after one step. A surplus is taken from pending tasks first."""
    pending = min(step.stop_new_surplus, counts.new_pending)
    return replace(
        counts,
        new_pending=counts.new_pending + step.start - pending,
        new_healthy=counts.new_healthy - (step.stop_new_surplus - pending),
        new_failed=counts.new_failed - step.stop_new_failed,
        old_healthy=counts.old_healthy - step.stop_old_healthy,
        old_unhealthy=counts.old_unhealthy - step.stop_old_unhealthy,
    )


def test_a_failed_deployment_gets_no_task_and_no_task_is_stopped_for_it():
    counts = Counts(new_failed=1, old_healthy=4)
    step = next_step(Limits(4, 50, 100), counts, launching=False)
    assert step == Step(stop_new_failed=1)
    assert next_step(Limits(4, 50, 100), Counts(old_healthy=4), launching=False) == Step()


@given(limits, counts, st.booleans())
def test_a_step_never_breaks_a_limit(limits: Limits, counts: Counts, launching: bool):
    step = next_step(limits, counts, launching=launching)
    assert launching or not step.start
    left = after(counts, step)
    assert min(left.__getattribute__(name) for name in Counts.__dataclass_fields__) >= 0
    if step.start:
        assert counts.total + step.start <= limits.upper
    if left.healthy < counts.healthy:
        assert left.healthy >= limits.lower
    assert not (step.stuck and left != counts)


@given(limits, counts, st.randoms(use_true_random=False))
def test_any_deployment_completes_and_keeps_the_limits(limits, counts, random):
    """Each started task becomes healthy or fails. Nothing else happens."""
    failures = 20
    for _ in range(400):
        step = next_step(limits, counts)
        if step.stuck:
            # Nothing may stop and nothing may start: only the definition's own numbers can cause
            # that.
            assert limits.lower >= counts.healthy or counts.total >= limits.upper
            return
        left = after(counts, step)
        assert left.healthy >= min(counts.healthy, limits.lower)
        assert left.total <= max(counts.total, limits.upper)
        if step == Step() and left.new_pending == 0:
            break
        counts = left
        if counts.new_pending and random.random() < 0.6:
            failed = failures > 0 and random.random() < 0.3
            failures -= failed
            counts = replace(
                counts,
                new_pending=counts.new_pending - 1,
                new_failed=counts.new_failed + failed,
                new_healthy=counts.new_healthy + (not failed),
            )
    assert counts == Counts(new_healthy=limits.desired)
