"""DescribeAlarms with ChildrenOfAlarmName or ParentsOfAlarmName: the alarms that the rule of a
composite alarm names, and the composite alarms whose rules name an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.cloudwatch import CompositeAlarm
from bonkei.services.cloudwatch.alarm.composite import alarms_of, parse_rule
from bonkei.services.cloudwatch.alarm.engine import AnyAlarm
from bonkei.services.cloudwatch.api.spelling import Parameters

_CHILDREN, _PARENTS = "ChildrenOfAlarmName", "ParentsOfAlarmName"
_SHOWN = {
    _CHILDREN: ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp"),
    _PARENTS: ("AlarmName", "AlarmArn"),
}
"""Of a relative, AWS describes no more ("DescribeAlarms", CloudWatch API Reference)."""


def relatives_of(alarms: Sequence[AnyAlarm], given: Parameters) -> list[AnyAlarm] | None:
    """None if the call asks for no relatives. Raises AwsServiceError if it asks for more."""
    asked = next((name for name in _SHOWN if given.get(name)), "")
    if not asked:
        return None
    if others := sorted({*given} - {asked, "MaxRecords", "NextToken"}):
        message = f"{asked} cannot be given together with {', '.join(others)}."
        raise AwsServiceError("ValidationError", message)
    name = given[asked]
    if asked == _PARENTS:
        return [one for one in alarms if name in _children(one)]
    children = {child for one in alarms if one.name == name for child in _children(one)}
    return [one for one in alarms if one.name in children]


def shown(described: dict[str, Any], given: Parameters) -> dict[str, Any]:
    """Of a described alarm, what this call shows."""
    for asked, members in _SHOWN.items():
        if given.get(asked):
            return {name: described[name] for name in members}
    return described


def _children(alarm: AnyAlarm) -> set[str]:
    if not isinstance(alarm, CompositeAlarm):
        return set()
    try:
        rule = parse_rule(alarm.rule)
    except BonkeiError:  # it is not evaluated, and the notes say so
        return set()
    return {name.partition(":alarm:")[2] or name for name in alarms_of(rule)}
