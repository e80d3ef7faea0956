"""Every reported problem is reported as over, and no other is.

Each alarm of the definitions is followed from its metric through CloudWatch's states to the
function's message to Slack.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from alarm.events import parse
from alarm.message import message
from evaluations import Evaluation

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm
from bonkei.services.cloudwatch.alarm.composite import alarms_of, parse_rule

NORMAL, BAD, SILENT = True, False, None
Point = bool | None  # a datapoint within its threshold, one beyond it, or none


def states(alarm: Alarm, points: Sequence[Point]) -> Iterator[str]:
    """An alarm's states from its creation on, after each period.

    "Configuring how CloudWatch alarms treat missing data", in the CloudWatch User Guide: the alarm
    reads some more datapoints than it compares, and uses the latest existing ones. If there are too
    few, `treat_missing_data` fills the rest, keeps the state (`ignore`), or leaves it out
    (`missing`): then one bad datapoint is enough, and none is INSUFFICIENT_DATA.
    """
    assert alarm.datapoints_to_alarm == alarm.evaluation_periods
    periods = alarm.evaluation_periods
    filling = {"breaching": [BAD], "notBreaching": [NORMAL]}.get(alarm.treat_missing_data, [])
    state = "INSUFFICIENT_DATA"
    yield state
    for end in range(periods, len(points) + 1):
        there = [p for p in points[max(0, end - periods - 2) : end] if p is not SILENT][-periods:]
        if len(there) == periods or alarm.treat_missing_data != "ignore":
            seen = there + filling * (periods - len(there))
            state = _state(seen)
        yield state


def _state(seen: Sequence[Point]) -> str:
    if not seen:
        return "INSUFFICIENT_DATA"
    return "OK" if NORMAL in seen else "ALARM"


def telling(blueprint: Blueprint) -> list[Alarm]:
    """The metric alarms, each with the actions of the composite alarm that tells for it."""
    by_composite = {
        name: {"alarm_actions": one.alarm_actions, "ok_actions": one.ok_actions}
        for one in blueprint.composite_alarms
        for name in alarms_of(parse_rule(one.rule))
    }
    return [replace(alarm, **by_composite.get(alarm.name, {})) for alarm in blueprint.alarms]


def told(alarm: Alarm, points: Sequence[Point]) -> list[str]:
    """The first word of each message to Slack."""
    actions = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    went = list(states(alarm, points))
    sent = [
        message(parse(notification(alarm, before, after)))
        for before, after in itertools.pairwise(went)
        if before != after and actions[after]
    ]
    return [found["text"].split(" ")[0] for found in sent if found is not None]


def notification(alarm: Alarm, before: str, after: str) -> str:
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmArn": alarm.arn,
            "OldStateValue": before,
            "NewStateValue": after,
        }
    )


LONG = 20  # periods; no alarm looks back further
STORIES: dict[str, tuple[list[Point], list[str]]] = {
    "it comes and goes": ([NORMAL] * LONG + [BAD] * LONG + [NORMAL] * LONG, ["🔴", "🟢"]),
    "it begins with trouble": ([BAD] * LONG + [NORMAL] * LONG, ["🔴", "🟢"]),
    "there never was any": ([NORMAL] * LONG, []),
}


@pytest.mark.parametrize("story", STORIES)
def test_messages_to_slack(otherwise: Evaluation, story: str) -> None:
    points, expected = STORIES[story]
    heard = {alarm.name: told(alarm, points) for alarm in telling(otherwise.blueprint)}
    assert len(heard) > 25
    assert {name: words for name, words in heard.items() if words != expected} == {}


def test_no_recovery_is_lost_during_missing_data(otherwise: Evaluation) -> None:
    points = [NORMAL] * LONG + [BAD] * LONG + [SILENT] * LONG + [NORMAL] * LONG
    heard = {alarm.name: told(alarm, points) for alarm in telling(otherwise.blueprint)}
    assert {name: words for name, words in heard.items() if words != ["🔴", "🟢"]} == {}


def test_missing_data_is_no_recovery(otherwise: Evaluation) -> None:
    points = [NORMAL] * LONG + [SILENT] * LONG + [NORMAL] * LONG
    heard = {
        alarm.name: told(alarm, points)
        for alarm in telling(otherwise.blueprint)
        if alarm.treat_missing_data != "breaching"
    }
    assert {name: words for name, words in heard.items() if words} == {}
