"""A composite alarm's suppressor: the periods of AWS's page, then a monitor over time.

"Suppressing composite alarm actions",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import CompositeAlarm
from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.cloudwatch.alarm.settings import read, written
from bonkei.services.cloudwatch.alarm.suppression import Periods, Suppression, follow
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around

OK, ALARM, UNKNOWN = State.OK, State.ALARM, State.INSUFFICIENT_DATA
ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
T = 1_800_000_000.0


def told(steps: list[tuple[float, State, State]], periods: Periods) -> list[tuple[float, str]]:
    """The states whose actions are taken, and when. Each step is a time, the alarm and the
    suppressor.
    """
    now, found = Suppression(announced="OK"), []
    for time, state, suppressor in steps:
        now, acts = follow(now, state, suppressor, time, periods)
        if acts:
            found.append((time, state.value))
    return found


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # "The composite alarm changes from OK to ALARM at t2. A WaitPeriod starts at t2 […]. This
        # gives the suppressor alarm time to change states from OK to ALARM at t4".
        ([(2, ALARM, OK), (4, ALARM, ALARM), (8, ALARM, ALARM), (60, ALARM, ALARM)], []),
        # "After this time, the composite alarm performs its actions" (ActionsSuppressorWaitPeriod).
        ([(2, ALARM, OK), (7.9, ALARM, OK), (8, ALARM, OK), (9, ALARM, OK)], [(8, "ALARM")]),
        # "the composite alarm waits after suppressor alarm goes out of the ALARM state".
        ([(1, OK, ALARM), (2, ALARM, ALARM), (10, ALARM, OK), (12, ALARM, OK), (13, ALARM, OK)],
         [(13, "ALARM")]),
        # It has returned within the extension, so no action is taken.
        ([(1, OK, ALARM), (2, ALARM, ALARM), (10, ALARM, OK), (12, OK, OK), (13, OK, OK)], []),
        # A suppressor without data suppresses nothing.
        ([(1, OK, UNKNOWN), (2, ALARM, UNKNOWN), (8, ALARM, UNKNOWN)], [(8, "ALARM")]),
        # Its start was announced, so its end is announced too, after a wait of its own.
        ([(2, ALARM, OK), (8, ALARM, OK), (20, OK, OK), (26, OK, OK)], [(8, "ALARM"), (26, "OK")]),
        # The suppressor returns within the extension.
        ([(2, ALARM, ALARM), (10, ALARM, OK), (11, ALARM, ALARM), (14, ALARM, ALARM)], []),
    ],
)  # fmt: skip
def test_the_periods(
    steps: list[tuple[float, State, State]], expected: list[tuple[float, str]]
) -> None:
    assert told(steps, Periods(wait=6, extension=3)) == expected


def test_a_clock_that_is_set_back_makes_no_period_longer() -> None:
    back = [(86_402, ALARM, OK), (2, ALARM, OK), (7.9, ALARM, OK), (8, ALARM, OK)]
    assert told(back, Periods(wait=6, extension=3)) == [(8, "ALARM")]
    back = [(86_401, ALARM, ALARM), (86_402, ALARM, OK), (2, ALARM, OK), (5, ALARM, OK)]
    assert told(back, Periods(wait=6, extension=3)) == [(5, "ALARM")]


@given(st.lists(st.tuples(st.sampled_from([OK, ALARM]), st.sampled_from([OK, ALARM]))))
def test_no_state_is_announced_twice_and_the_last_one_is_true(
    changes: list[tuple[State, State]],
) -> None:
    steps = [(float(number), *change) for number, change in enumerate(changes)]
    last = changes[-1][0] if changes else OK
    steps += [(100.0 + number, last, OK) for number in range(0, 40, 10)]
    states = ["OK", *(state for _, state in told(steps, Periods(6, 3)))]

    assert all(a != b for a, b in itertools.pairwise(states))
    assert states[-1] == last


def composite(**more: Any) -> CompositeAlarm:
    given: dict[str, Any] = {
        "address": "a.c", "arn": ARN + "main", "name": "main", "rule": "ALARM(first)",
        "alarm_actions": (TOPIC,), "ok_actions": (TOPIC,), "suppressor": ARN + "maintenance",
        "wait": 120.0, "extension": 180.0,
    }  # fmt: skip
    return CompositeAlarm(**given | more)


class World:
    """A monitor with switches instead of metric alarms."""

    def __init__(self, directory: Path | None = None, **more: Any) -> None:
        self.now = T
        self.events: list[dict[str, Any]] = []

        async def act(_arn: str, _subject: str, _message: str) -> None: ...

        def clock() -> float:
            return self.now

        around = Around(lambda _now, _step: (), act, self.events.append, clock)
        self.monitor = Monitor(directory, Bus(), around)
        switches = [
            CompositeAlarm(f"a.{name}", ARN + name, name, "FALSE")
            for name in ("first", "maintenance")
        ]
        self.monitor.follow(Blueprint(composite_alarms=(*switches, composite(**more))), frozenset())

    def switch(self, name: str, *, on: bool) -> None:
        """Its rule decides, as a metric does."""
        rule = "TRUE" if on else "FALSE"
        engine = self.monitor.engine
        alarm = CompositeAlarm(f"a.{name}", ARN + name, name, rule)
        engine.put(alarm, self.now)
        engine.evaluate(self.now)

    def past(self, seconds: float) -> None:
        self.now += seconds
        self.monitor.engine.follow_suppressors(self.now)

    def said(self) -> list[tuple[str, str, str]]:
        """The state, and what suppresses the actions, now and before."""
        details = [e["detail"] for e in self.events if e["detail"]["alarmName"] == "main"]
        return [
            (
                one["state"]["value"],
                one["state"].get("actionsSuppressedBy", ""),
                one["previousState"].get("actionsSuppressedBy", ""),
            )
            for one in details
        ]


async def test_a_monitor_waits_for_the_configured_periods() -> None:
    world = World()
    world.switch("maintenance", on=False)
    world.past(200)
    world.events.clear()
    world.switch("first", on=True)
    assert world.monitor.engine.deadline() == world.now + 120
    world.past(119)
    world.past(1)
    await world.monitor.stop()

    # The form of the example event in "CloudWatch alarm events".
    assert world.said() == [("ALARM", "WaitPeriod", ""), ("ALARM", "", "WaitPeriod")]
    assert world.events[-1]["detail"]["configuration"] == {
        "alarmRule": "ALARM(first)",
        "actionsSuppressor": ARN + "maintenance",
        "actionsSuppressorWaitPeriod": 120,
        "actionsSuppressorExtensionPeriod": 180,
    }
    assert [sent.state for sent in world.monitor.acting.sent] == ["OK", "ALARM"]


async def test_a_suppressed_action_survives_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.switch("first", on=False)
    world.past(200)
    world.switch("maintenance", on=True)
    world.switch("first", on=True)
    world.past(3600)
    await world.monitor.stop()
    assert world.said()[-1] == ("ALARM", "Alarm", "")

    again = World(tmp_path)
    again.now = world.now
    engine = again.monitor.engine
    for name, rule in (("first", "TRUE"), ("maintenance", "TRUE")):
        engine.put(CompositeAlarm(f"a.{name}", ARN + name, name, rule), again.now)
    again.switch("maintenance", on=False)
    again.past(179)
    assert again.said() == []
    again.past(1)
    await again.monitor.stop()
    assert again.said() == [("ALARM", "", "ExtensionPeriod")]


def test_settings_are_returned_unchanged() -> None:
    assert read(written(composite())) == composite()
