"""A rule of EventBridge for events of AWS: whether a matching event reaches the rule's targets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.sns import EventRule
from bonkei.grammar.event_pattern import parse_event_pattern
from bonkei.miniature.rehearsal.causes.aws import call
from bonkei.miniature.rehearsal.values import Result, World
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.eventbridge.shapes import event

_PATIENCE = 10.0
_FAILURES = (
    "CodePipeline Pipeline Execution State Change",
    "CodePipeline Action Execution State Change",
)
_NARROWER = frozenset({"stage", "action", "type"})
"""Details that the event of a failed source may not have."""
_REAL = 60.0  # seconds that a real pipeline has to fail
_LOOK = 0.1


def rules_of(blueprint: Blueprint) -> tuple[EventRule, ...]:
    """The rules that can be rehearsed: those for events, with targets."""
    return tuple(rule for rule in blueprint.event_rules if rule.pattern and rule.enabled)


async def rehearse_rule(rule: EventRule, result: Result, world: World) -> None:
    """A pipeline that really fails, if possible; otherwise an event in AWS's form on the bus."""
    bus = world.events
    if bus is None:
        result.problem = "there is no event bus here"
        return
    made = matching(rule, time.time())
    if made is None:
        result.problem = "no event was found that its pattern matches"
        return
    begun = time.time()
    name = str(made["detail"].get("pipeline", ""))
    can_fail = is_of_a_failed_source(made)
    at = 0.0
    if can_fail and (why := await _fail_pipeline(name, world)) == "":
        result.cause = f"an execution of the pipeline {name} that really failed: no such commit"
        at = await _delivered(rule, bus, begun, _REAL)
    if not at:
        result.injected = True
        result.cause = f"an event of AWS's shape, put on the bus: {made['detail-type']}"
        if can_fail:
            result.cause += f" ({why or 'the pipeline did not fail in time'})"
        bus.put(made)
        at = await _delivered(rule, bus, begun, _PATIENCE)
    if not at:
        result.problem = f"no target has taken the event within {_PATIENCE:.0f} s"
    result.alarm_at = at
    result.alarm_reason = json.dumps(made["detail"])


def is_of_a_failed_source(made: Mapping[str, Any]) -> bool:
    """Whether a pipeline whose source fails has such an event."""
    detail = made["detail"]
    is_failure = made["detail-type"] in _FAILURES and detail.get("state") == "FAILED"
    return is_failure and not _NARROWER & detail.keys()


async def _fail_pipeline(name: str, world: World) -> str:
    """Starts it with a commit that does not exist. Returns why this is impossible, or an empty
    text."""
    found = next((one for one in world.blueprint().pipelines if one.name == name), None)
    actions = [action for stage in found.stages[:1] for action in stage.actions] if found else []
    if found is None or not actions:
        return "it is not in the definitions"
    revision = {
        "actionName": actions[0].name,
        "revisionType": "COMMIT_ID",
        "revisionValue": "0" * 40,
    }
    try:
        await call(
            world.aws, "codepipeline", "StartPipelineExecution", found.arn,
            name=name, sourceRevisions=[revision],
        )  # fmt: skip
    except BonkeiError as error:
        return error.message
    return ""


async def _delivered(rule: EventRule, bus: EventBus, begun: float, patience: float) -> float:
    """When a target has taken it; 0 if none did."""
    end = time.monotonic() + patience
    while (at := bus.delivered.get(rule.name, 0.0)) < begun:
        if time.monotonic() > end:
            return 0.0
        await asyncio.sleep(_LOOK)
    return at


def matching(rule: EventRule, now: float) -> dict[str, Any] | None:
    """An event in AWS's envelope that the rule's pattern matches; None if none was found."""
    try:
        pattern = json.loads(rule.pattern)
        matches = parse_event_pattern(rule.pattern)
    except (ValueError, BonkeiError):
        return None
    detail = _filled(pattern.get("detail", {}))
    source, kind = (_first(pattern.get(name)) for name in ("source", "detail-type"))
    if not isinstance(detail, dict) or not isinstance(source, str):
        return None
    if source == "aws.codepipeline":
        detail = {"execution-id": "bonkei-rehearsal", "version": 1.0} | detail
    resources = pattern.get("resources")
    found = event(source, str(kind or "Rehearsal"), [], detail, rule.arn, now)
    found["resources"] = [_first(resources)] if resources else []
    with suppress(KeyError, TypeError):
        if matches(found):
            return found
    return None


def _filled(pattern: Any) -> Any:
    if isinstance(pattern, Mapping):
        return {name: _filled(value) for name, value in pattern.items() if name != "$or"}
    return _first(pattern)


_EXAMPLES: Mapping[str, Callable[[Any], Any]] = {
    "prefix": lambda wanted: f"{wanted}x" if isinstance(wanted, str) else None,
    "suffix": lambda wanted: f"x{wanted}" if isinstance(wanted, str) else None,
    "exists": lambda wanted: "x" if wanted else None,
    "equals-ignore-case": lambda wanted: wanted,
    "wildcard": lambda wanted: str(wanted).replace("*", "x"),
    "anything-but": lambda _: "another",
}


def _first(values: Sequence[Any] | None) -> Any:
    """The first of the values that a field may have."""
    for value in values or ():
        if not isinstance(value, Mapping):
            return value
        for name, example in _EXAMPLES.items():
            if name in value:
                return example(value[name])
    return None
