"""What the console remembers: usage and events, of a day and bounded."""

from __future__ import annotations

from bonkei.base.events import (
    Bus,
    DeploymentStateChanged,
    DesiredCountChanged,
    TargetChecked,
    TargetHealthChanged,
    TaskStateChanged,
)
from bonkei.miniature.parts.ecs import timeline, usage
from bonkei.miniature.parts.ecs.timeline import Timeline
from bonkei.miniature.parts.ecs.usage import Usage
from bonkei.services.ecs.snapshot import TaskSnapshot, TasksSnapshot


def tasks(*ids: str, cpu: float = 1.0) -> TasksSnapshot:
    found = tuple(
        TaskSnapshot(one, "service:web", "web:1", "RUNNING", "HEALTHY", "", "", (), 0.0, cpu, 5)
        for one in ids
    )
    return TasksSnapshot((), found, (), ())


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_ago_is_fine_and_a_day_ago_is_coarse() -> None:
    kept = Usage()
    for second in range(86_400):
        kept.note(tasks("a", cpu=float(second)), float(second))
    fine = kept.series("a", 60, 86_400)
    assert len(fine.times) == 60
    assert fine.cpu[-1] == 86_399
    day = kept.series("a", 86_400, 86_400)
    assert day.times[0] < 120
    assert list(day.times) == sorted(set(day.times))
    assert kept.size <= usage.FINE_POINTS + usage.COARSE_POINTS


def test_tasks_that_are_gone_are_forgotten() -> None:
    kept = Usage()
    for number in range(2_000):
        kept.note(tasks(f"{number}"), float(number))
    assert kept.series("1", 9999, 2000).times == ()
    assert kept.size <= 2
    kept.note(tasks(*(str(n) for n in range(900))), 3000.0)
    assert kept.size <= 2 * usage.MOST_TASKS


def test_a_snapshot_is_noted_once_a_second() -> None:
    kept = Usage()
    for tenth in range(100):
        kept.note(tasks("a"), tenth / 10)
    assert len(kept.series("a", 60, 10.0).times) in (10, 11)


def test_usage_goes_on_when_the_clock_is_set_back() -> None:
    kept = Usage()
    for second in (100.0, 3_800.0, 200.0, 201.0):
        kept.note(tasks("a"), second)
    assert kept.series("a", 3_600, 201.0).times == (100.0, 200.0, 201.0)


def test_what_happened_comes_newest_first_with_its_reason() -> None:
    bus, clock = Bus(), Clock()
    kept = Timeline(bus, clock)
    bus.publish(DeploymentStateChanged("s", "web:2", "IN_PROGRESS"))
    bus.publish(TaskStateChanged("s", "t", "RUNNING", "HEALTHY"))
    bus.publish(TargetHealthChanged("g", "t", "healthy"))
    bus.publish(TargetHealthChanged("g", "t", "healthy", "again"))
    bus.publish(DesiredCountChanged("other", 3, "CPU 80 %"))
    bus.publish(TaskStateChanged("s", "t", "STOPPED", "UNKNOWN", "Scaling activity initiated by x"))
    bus.publish(TaskStateChanged("s", "u", "STOPPED", "UNKNOWN", "exit code 3"))
    bus.publish(DeploymentStateChanged("s", "web:2", "FAILED", "circuit breaker"))
    told = [(one.kind, one.word, one.tone) for one in kept.entries()]
    assert told == [
        ("deployment", "FAILED", "bad"),
        ("task", "STOPPED", "bad"),
        ("task", "STOPPED", "off"),
        ("scaling", "desired count 3", "busy"),
        ("target", "healthy", "good"),
        ("task", "RUNNING, HEALTHY", "good"),
        ("deployment", "IN_PROGRESS", "busy"),
    ]
    assert kept.entries()[0].reason == "circuit breaker"
    assert {one.service_arn for one in kept.entries("s")} == {"s"}
    assert {one.task_id for one in kept.entries(task_id="t")} == {"t"}
    kept.stop()
    bus.publish(DesiredCountChanged("s", 9, ""))
    assert len(kept.entries()) == 7


def test_a_day_of_events_and_checks_is_bounded() -> None:
    bus, clock = Bus(), Clock()
    kept = Timeline(bus, clock)
    for number in range(60_000):
        clock.now += 1.5
        task = str(number // 10)
        bus.publish(TargetChecked("g", task, number % 3 > 0, "healthy", "why"))
        bus.publish(TargetHealthChanged("g", task, "healthy" if number % 2 else "unhealthy"))
        bus.publish(TaskStateChanged("s", task, "RUNNING", "HEALTHY"))
    most = timeline.MOST_ENTRIES + timeline.MOST_TARGETS * (timeline.CHECKS_EACH + 1)
    assert kept.size <= most
    assert len(kept.checks("5999")["g"]) == 10
    assert kept.checks("1") == {}
