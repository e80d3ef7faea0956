"""Rules of EventBridge, and their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.definitions.refresh.values import (
    Ask,
    Changed,
    Json,
    Reader,
    answered,
    compared,
    differences,
)

_GONE = "ResourceNotFoundException"


def _rules(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        given = {"Name": before["name"], "EventBusName": before.get("event_bus_name") or "default"}
        answer = answered(ask, "events", "DescribeRule", given, _GONE)
        if answer is None:
            yield before["id"], None
            continue
        now: dict[str, Any] = {
            "state": answer["State"],
            "event_pattern": answer.get("EventPattern"),
            "schedule_expression": answer.get("ScheduleExpression", ""),
            "description": answer.get("Description", ""),
        }
        if changed := differences(before, now):
            if "state" in changed and before.get("is_enabled") is not None:
                changed["is_enabled"] = changed["state"] != "DISABLED"
            yield before["id"], changed


def _targets(states: Sequence[Json], ask: Ask) -> Changed:
    rules: dict[tuple[str, str], list[Json]] = {}
    for each in states:
        rules.setdefault((each["rule"], each.get("event_bus_name") or "default"), []).append(each)
    for (rule, bus), targets in rules.items():
        given = {"Rule": rule, "EventBusName": bus}
        answer = answered(ask, "events", "ListTargetsByRule", given, _GONE) or {}
        by_id = {one["Id"]: one for one in answer.get("Targets", ())}
        for before in targets:
            one = by_id.get(before["target_id"])
            yield from compared(before, None if one is None else _target(one))


def _target(answer: Json) -> dict[str, Any]:
    return {"arn": answer["Arn"], "role_arn": answer.get("RoleArn"), "input": answer.get("Input")}


READERS: Mapping[str, Reader] = {
    "aws_cloudwatch_event_rule": _rules,
    "aws_cloudwatch_event_target": _targets,
}
