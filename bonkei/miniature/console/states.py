"""An alarm's states over a period of time, from its history. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bonkei.services.cloudwatch.alarm.book import HistoryItem


def states_over(
    history: Iterable[HistoryItem], now_in: str, begin: float, end: float
) -> list[dict[str, Any]]:
    """`[{"state", "from", "to"}, …]`, oldest first, in Unix seconds. `now_in`: the present state.
    It is the state of the whole period if the history has no change."""
    changes = sorted(
        (item.time, *_states(item)) for item in history if item.kind == "StateUpdate" and item.data
    )
    found: list[dict[str, Any]] = []
    state, since = changes[0][1] if changes else now_in, begin
    for at, _, after in [*changes, (end, "", "")]:
        until = min(max(at, begin), end)
        if until > since:
            found.append({"state": state, "from": since, "to": until})
        state, since = after, until
    return found


def _states(item: HistoryItem) -> tuple[str, str]:
    """Before and after, from the HistoryData of DescribeAlarmHistory."""
    data = json.loads(item.data)
    return str(data["oldState"]["stateValue"]), str(data["newState"]["stateValue"])
