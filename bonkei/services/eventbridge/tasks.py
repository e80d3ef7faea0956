"""A target's task as RunTask's parameters. Pure.

"Amazon ECS as a target": EcsParameters say how it runs, and the payload has its overrides.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/tasks-scheduled-eventbridge-scheduler.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bonkei.blueprint.sns import EventTarget

_OVERRIDES = (
    *("containerOverrides", "cpu", "ephemeralStorage", "executionRoleArn", "memory"),
    "taskRoleArn",
)
_RENAMED = {"taskDefinitionArn": "taskDefinition", "taskCount": "count"}


def task_to_run(target: EventTarget, payload: str) -> dict[str, Any]:
    """Without a count it is one task. `startedBy` names the rule, or the schedule."""
    own = {_RENAMED.get(name, name): value for name, value in _spelled(target.ecs).items()}
    name = target.rule_arn.rpartition("/")[2]
    kind = "chronos-schedule" if ":scheduler:" in target.rule_arn else "events-rule"
    found = {"count": 1, **own, "cluster": target.arn, "startedBy": f"{kind}/{name}"}
    overrides = _overrides(payload)
    return found | ({"overrides": overrides} if overrides else {})


def _spelled(value: Any) -> Any:
    """ECS's names begin with a small letter."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _spelled(each) for name, each in value.items()}
    return [_spelled(each) for each in value] if isinstance(value, list) else value


def _overrides(payload: str) -> dict[str, Any]:
    """An event that has none runs the task as its definition says."""
    try:
        given = json.loads(payload)
    except ValueError:
        return {}
    if not isinstance(given, dict):
        return {}
    return {name: given[name] for name in _OVERRIDES if name in given}
