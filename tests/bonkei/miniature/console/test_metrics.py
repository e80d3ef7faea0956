"""An alarm's states over time, as its graph shows them."""

from __future__ import annotations

import json

from bonkei.miniature.console.metrics import states_over
from bonkei.services.cloudwatch.alarm.book import HistoryItem


def change(at: float, before: str, after: str) -> HistoryItem:
    data = {"oldState": {"stateValue": before}, "newState": {"stateValue": after}}
    return HistoryItem("a", at, "StateUpdate", "", json.dumps(data))


NEWEST_FIRST = [
    HistoryItem("a", 31, "Action", "published"),
    change(50, "ALARM", "OK"),
    change(30, "OK", "ALARM"),
    change(10, "INSUFFICIENT_DATA", "OK"),
]


def shown(begin: float, end: float) -> list[tuple[str, float, float]]:
    found = states_over(NEWEST_FIRST, "OK", begin, end)
    return [(one["state"], one["from"], one["to"]) for one in found]


def test_states_follow_each_other() -> None:
    assert shown(0, 100) == [
        ("INSUFFICIENT_DATA", 0, 10), ("OK", 10, 30), ("ALARM", 30, 50), ("OK", 50, 100),
    ]  # fmt: skip


def test_the_span_is_cut_out() -> None:
    assert shown(35, 45) == [("ALARM", 35, 45)]
    assert shown(60, 70) == [("OK", 60, 70)]
    assert shown(10, 30) == [("OK", 10, 30)]
    assert shown(20, 20) == []


def test_without_a_change_the_state_of_now_holds() -> None:
    assert states_over([], "ALARM", 1, 2) == [{"state": "ALARM", "from": 1, "to": 2}]
