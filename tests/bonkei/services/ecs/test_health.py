"""Container health checks over time, as the ECS API Reference's HealthCheck documents them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint.ecs import ContainerHealthCheck
from bonkei.services.ecs.scheduling.container_health import (
    HEALTHY,
    UNHEALTHY,
    UNKNOWN,
    HealthRecord,
)


def run(check: ContainerHealthCheck, answers, until: float):
    """The statuses over time as (seconds, status); `answers(now)` is the result of a probe."""
    record, history = HealthRecord.begin(check, 0.0), [(0.0, UNKNOWN)]
    while record.next_probe_at <= until:
        now = record.next_probe_at
        assert record.is_due(now)
        record = record.probe_began()
        assert not record.is_due(now + 1000)
        record = record.probe_ended(answers(now), now)
        if record.status != history[-1][1]:
            history.append((now, record.status))
    return history


CHECK = ContainerHealthCheck(("CMD-SHELL", "true"), interval=10, timeout=5, retries=3)


def test_success_makes_a_container_healthy_soon():
    [_, (time, status)] = run(CHECK, lambda now: True, 100)
    assert status == HEALTHY
    assert time < 1


def test_a_container_becomes_unhealthy_after_retries_times_interval():
    [_, (time, status)] = run(CHECK, lambda now: False, 100)
    assert status == UNHEALTHY
    assert 30 <= time <= 60


def test_failures_in_the_start_period_do_not_count():
    patient = ContainerHealthCheck(("CMD", "x"), interval=10, retries=2, start_period=60)
    history = run(patient, lambda now: now >= 55, 200)
    assert [status for _, status in history] == [UNKNOWN, HEALTHY]


def test_after_a_success_the_start_period_is_over():
    patient = ContainerHealthCheck(("CMD", "x"), interval=5, retries=2, start_period=300)
    history = run(patient, lambda now: now < 20, 100)
    assert [status for _, status in history] == [UNKNOWN, HEALTHY, UNHEALTHY]
    assert history[-1][0] < 40


def test_a_container_that_begins_to_listen_is_probed_at_once():
    record = HealthRecord.begin(CHECK, 0.0).listens(0.1)
    assert record.is_due(0.1)
    # It listens while a probe is under way, which fails: the next one follows at once.
    record = HealthRecord.begin(CHECK, 0.0).probe_began().listens(0.32).probe_ended(False, 0.35)
    assert record.is_due(0.35)
    record = record.probe_began().probe_ended(False, 0.4)
    assert 0.4 < record.next_probe_at < 1
    assert record.probe_began().probe_ended(True, 0.8).status == HEALTHY


def test_listening_does_not_disturb_the_rhythm_of_a_healthy_container():
    record = HealthRecord.begin(CHECK, 0.0).probe_began().probe_ended(True, 0.3)
    assert record.listens(2.0) == record


def test_an_unhealthy_container_recovers():
    history = run(CHECK, lambda now: now < 5 or now > 80, 200)
    assert [status for _, status in history] == [UNKNOWN, HEALTHY, UNHEALTHY, HEALTHY]


@given(
    st.integers(5, 60), st.integers(1, 10), st.integers(0, 300), st.lists(st.booleans(), min_size=1)
)
def test_early_probes_never_make_it_unhealthy_sooner_than_aws(interval, retries, start, answers):
    check = ContainerHealthCheck(("CMD", "x"), interval, 5, retries, start)
    replies = iter(answers * 50)
    history = run(check, lambda now: next(replies, False), 2000)
    unhealthy = [time for time, status in history if status == UNHEALTHY]
    if unhealthy and HEALTHY not in [status for _, status in history]:
        assert unhealthy[0] >= max(start, retries * interval)
