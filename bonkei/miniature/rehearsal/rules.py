"""A rule of EventBridge for events of AWS: whether a matching event reaches the rule's targets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.sns import EventRule
from bonkei.grammar.event_pattern import parse_event_pattern
from bonkei.miniature.rehearsal.values import Result, World
from bonkei.services.codepipeline.core import commands
from bonkei.services.codepipeline.core.values import Override
from bonkei.services.codepipeline.pipelines import PASSING
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.eventbridge.shapes import event

_PATIENCE = 10.0
_FAILURES = (
    "CodePipeline Pipeline Execution State Change",
    "CodePipeline Action Execution State Change",
)
_NARROWER = frozenset({"stage", "action", "type"})
"""Details that the event of a failed source may not have."""
_BY = "the rehearsal of a rule"
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
    begun, at, why = time.time(), 0.0, ""
    if is_of_a_failed_source(made):
        name = str(made["detail"].get("pipeline", ""))
        with _failing(name, world) as obstacle:
            why = obstacle
            if not obstacle:
                result.pipeline = name
                result.cause = f"an execution of the pipeline {name} that really failed:"
                result.cause += " no such commit"
                at = await _delivered(rule, bus, begun, _REAL)
                why = "" if at else "the pipeline did not fail in time"
    if not at:
        result.injected, result.pipeline = True, ""
        result.cause = f"an event of AWS's shape, put on the bus: {made['detail-type']}"
        result.cause += f" ({why})" if why else ""
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


@contextmanager
def _failing(name: str, world: World) -> Iterator[str]:
    """An execution with a commit that does not exist, until the end. Gives why this is impossible,
    or an empty text."""
    pipelines, started = world.pipelines, ""
    try:
        why = "there are no pipelines here"
        if pipelines is not None:
            book, stages = pipelines.book(name), pipelines.pipeline(name).stages
            why = "it is running"
            own = (each for each in book.executions if not each.id.startswith(PASSING))
            if not any(each.is_running for each in own):
                override = Override(stages[0].actions[0].name, "COMMIT_ID", "0" * 40)
                start = commands.start("StartPipelineExecution", _BY, overrides=(override,))
                started, why = pipelines.begin_passing(name, start), ""
    except (BonkeiError, OSError, IndexError) as error:
        why = getattr(error, "message", "") or str(error)
    try:
        yield why
    finally:
        if pipelines is not None and started:
            with suppress(BonkeiError, OSError):  # the next start forgets it
                pipelines.forget(name, started)


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
