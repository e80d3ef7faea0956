"""Alarms: their states, each with its graph, its history and its definition; and rehearsals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.miniature.console.metrics import Clock, identity_text, states_of
from bonkei.miniature.rehearsal.underway import Rehearsals
from bonkei.services.cloudwatch.alarm.engine import AnyAlarm, why_not_evaluated
from bonkei.services.cloudwatch.alarm.points import identity, period_of
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.console import Console, ConsoleError, Json

MOST_ROWS = 300
_POINTS = 60
_HISTORY = 100
_LONGEST = 2_000  # characters of an item of the past
_RESULT = ("name", "kind", "cause", "injected", "both_ways", "problem", "not_shown")


def offer_alarms(
    console: Console, monitor: Callable[[], Monitor], rehearsals: Rehearsals, clock: Clock
) -> None:
    """The topics `alarms`, `alarms.alarm` and `alarms.rehearsal`, and the actions."""

    async def alarms(_: Mapping[str, str]) -> Json:
        return all_alarms(monitor(), rehearsals)

    async def one(query: Mapping[str, str]) -> Json:
        return one_alarm(monitor(), query.get("name", ""), clock())

    async def rehearsal(_: Mapping[str, str]) -> Json:
        return rehearsal_now(rehearsals)

    async def rehearse(body: Mapping[str, Any]) -> Json:
        return {"alarms": rehearsals.begin([str(name) for name in body["names"]])}

    async def stop(_: Mapping[str, Any]) -> Json:
        rehearsals.end()
        return {"stopping": rehearsals.is_under_way}

    async def acknowledge(body: Mapping[str, Any]) -> Json:
        monitor().acknowledge(str(body["name"]), str(body["who"]).strip())
        return {}

    console.topics({"alarms": alarms, "alarms.alarm": one, "alarms.rehearsal": rehearsal})
    console.actions(
        {"alarm.rehearse": rehearse, "alarm.stop": stop, "alarm.acknowledge": acknowledge}
    )


def all_alarms(monitor: Monitor, rehearsals: Rehearsals) -> Json:
    """For `alarms`: the state of each alarm, and the metrics that nothing measures."""
    snapshot = monitor.snapshot()
    return {
        "alarms": [_row(monitor, alarm) for alarm in monitor.engine.alarms[:MOST_ROWS]],
        "more": max(0, len(monitor.engine.alarms) - MOST_ROWS),
        "compression": snapshot.compression,
        "not_measured": list(snapshot.not_measured),
        "notes": list(snapshot.notes),
        "rehearsing": rehearsals.is_under_way,
    }


def one_alarm(monitor: Monitor, name: str, now: float) -> Json:
    """For `alarms.alarm`: everything about it. Raises ConsoleError if it no longer exists."""
    alarm = next((each for each in monitor.engine.alarms if each.name == name), None)
    if alarm is None:
        raise ConsoleError(f"there is no alarm {name}", remedy="choose one of the list")
    state = monitor.book.state(alarm.name)
    found = _row(monitor, alarm)
    found |= {
        "description": alarm.description,
        "arn": alarm.arn,
        "reason": state.reason[:_LONGEST],
        "actions": {
            "ALARM": list(alarm.alarm_actions),
            "OK": list(alarm.ok_actions),
            "INSUFFICIENT_DATA": list(alarm.insufficient_data_actions),
        },
        "actions_enabled": alarm.actions_enabled,
        "compression": monitor.compression,
        "graph": None,
        "history": [
            {"at": item.time, "kind": item.kind, "summary": item.summary[:_LONGEST],
             "data": item.data[:_LONGEST]}
            for item in monitor.book.history(alarm.name, most=_HISTORY)
        ],
    }  # fmt: skip
    if isinstance(alarm, Alarm):
        found |= _of_metric(monitor, alarm, now)
    return found


def _of_metric(monitor: Monitor, alarm: Alarm, now: float) -> dict[str, Any]:
    times: list[float] = []
    values: list[float | None] = []
    if not why_not_evaluated(alarm):
        with suppress(BonkeiError):  # its math may divide by zero: then there is no graph
            points = monitor.engine.points(alarm, now, _POINTS)
            times, values = list(points.starts), list(points.values)

    return {
        "graph": {
            "times": times,
            "values": values,
            "threshold": alarm.threshold,
            "states": states_of(monitor, alarm.name, times[0], now) if times else [],
        },
        "metrics": [
            {"id": identity_text(identity(one)), "text": _metric(one)} for one in alarm.metrics()
        ],
        "queries": [
            {"id": query.id, "expression": query.expression}
            for query in alarm.queries
            if query.expression
        ],
        "missing": alarm.treat_missing_data,
    }


def _row(monitor: Monitor, alarm: AnyAlarm) -> dict[str, Any]:
    state = monitor.book.state(alarm.name)
    return {
        "name": alarm.name,
        "address": alarm.address,
        "kind": "metric" if isinstance(alarm, Alarm) else "composite",
        "state": state.value,
        "since": state.since or None,
        "reason": state.reason[:300],
        "problem": why_not_evaluated(alarm),
        "condition": condition(alarm),
        "acknowledged_by": state.acknowledged_by,
        "acknowledged_at": state.acknowledged_at or None,
    }


_SIGNS = {
    "GreaterThanOrEqualToThreshold": "≥",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}


def condition(alarm: AnyAlarm) -> str:
    """`CPUUtilization ≥ 80, 3/3 × 60 s`; metric math by its label or its expression."""
    if not isinstance(alarm, Alarm):
        return alarm.rule
    if alarm.metric is not None:
        named = alarm.metric.name
    else:
        named = next((q.label or q.expression for q in alarm.queries if q.returns_data), "")
    sign = _SIGNS.get(alarm.comparison, alarm.comparison)
    limit = "band" if alarm.threshold is None else f"{alarm.threshold:g}"
    counted = f"{alarm.datapoints_to_alarm}/{alarm.evaluation_periods} × {period_of(alarm)} s"
    return f"{named} {sign} {limit}, {counted}"


def _metric(metric: Metric) -> str:
    dimensions = ", ".join(f"{name}={value}" for name, value in metric.dimensions)
    shown = f" ({dimensions})" if dimensions else ""
    return f"{metric.statistic} {metric.namespace} {metric.name}{shown}"


def rehearsal_now(rehearsals: Rehearsals) -> Json:
    """For `alarms.rehearsal`: the progress of each alarm; None before the first rehearsal."""
    found = rehearsals.snapshot()
    if found is None:
        return None
    results = [
        {
            **{name: result[name] for name in _RESULT},
            "alarm_at": result["alarm_at"] or None,
            "ok_at": result["ok_at"] or None,
            "slack": [_message(one) for one in result["slack"][:4]],
        }
        for result in found["results"]
    ]
    return {
        "over": not rehearsals.is_under_way,
        "done": sum(1 for one in results if one["both_ways"] or one["problem"]),
        "good": sum(1 for one in results if one["both_ways"]),
        "total": len(results),
        "results": results,
    }


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": message["time"],
        "text": str(message["text"])[:300],
        "after": message["after"],
    }
