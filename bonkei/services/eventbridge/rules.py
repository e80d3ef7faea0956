"""Rules of the definitions: which targets get an event, or are called in a minute."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.sns import EventRule, EventTarget
from bonkei.grammar.event_pattern import Event, parse_event_pattern
from bonkei.grammar.schedule import Due, ScheduleError, parse_schedule
from bonkei.services.eventbridge.shapes import event as new_event
from bonkei.services.eventbridge.transformer import at, transformed

_CONTEXT = re.compile(r"<aws\.scheduler\.([a-z-]+)>")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery to a target. `payload`: JSON, or the target's input as text. The target names its
    rule."""

    rule: EventRule
    target: EventTarget
    payload: str
    event: Event

    @property
    def is_scheduled(self) -> bool:
        """Whether it comes from EventBridge Scheduler, not from a rule."""
        return ":scheduler:" in self.rule.arn


@dataclass(slots=True)
class _Compiled:
    rule: EventRule
    matches: Callable[[Event], bool] | None = None
    due: Due | None = None


@dataclass(slots=True)
class Rules:
    """`problems`: EventBridge's reason for refusing a rule, by the rule's address."""

    problems: dict[str, str] = field(default_factory=dict)
    _compiled: list[_Compiled] = field(default_factory=list)
    _begun: dict[tuple[str, str], float] = field(default_factory=dict)

    def follow(self, declared: Iterable[EventRule], now: float) -> None:
        """A rate counts from the time when its rule was first followed."""
        declared, before = tuple(declared), self._begun
        keys = [(rule.arn, rule.schedule) for rule in declared]
        self._begun = {key: before.get(key, now // 60 * 60) for key in keys}
        self.problems = {}
        self._compiled = []
        for rule in declared:
            if not rule.enabled:
                continue
            try:
                self._compiled.append(_compiled(rule))
            except BonkeiError as error:
                self.problems[rule.address] = error.message

    def set_back(self, now: float) -> None:
        """The clock was set back: a rate counts from there."""
        self._begun = {key: min(begun, now) for key, begun in self._begun.items()}

    def of_event(self, event: Event, now: float) -> Iterator[Delivery]:
        """Every target of every rule that matches."""
        for one in self._compiled:
            if one.matches is not None and one.matches(event):
                yield from _deliveries(one.rule, event, now)

    def of_minute(self, minute: float) -> Iterator[Delivery]:
        """Every target of every schedule that is due in the minute that begins then."""
        for one in self._compiled:
            rule = one.rule
            if one.due is None or not one.due(minute, self._begun[rule.arn, rule.schedule]):
                continue
            if minute < rule.begins or (rule.ends and minute > rule.ends):
                continue
            event = new_event(
                "aws.events", "Scheduled Event", [one.rule.arn], {}, one.rule.arn, minute
            )
            yield from _deliveries(rule, event, minute)


def _deliveries(rule: EventRule, event: Event, now: float) -> Iterator[Delivery]:
    for target in rule.deliveries:
        named = replace(target, rule_arn=rule.arn)
        yield Delivery(rule, named, payload(rule, target, event, now), event)


def _compiled(rule: EventRule) -> _Compiled:
    matches = parse_event_pattern(rule.pattern) if rule.pattern else None
    if not rule.schedule:
        return _Compiled(rule, matches)
    try:
        zone = ZoneInfo(rule.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise ScheduleError(f"there is no time zone {rule.time_zone}") from None
    return _Compiled(rule, matches, parse_schedule(rule.schedule, zone))


def payload(rule: EventRule, target: EventTarget, event: Event, now: float) -> str:
    """The event, a part of it, a constant, or the filled template."""
    if target.template:
        paths = dict(target.input_paths)
        return transformed(target.template, paths, event, rule.arn, rule.name, now)
    if target.input:
        return _CONTEXT.sub(lambda found: _context(found[1], rule, event), target.input)
    if target.input_path:
        found: Any = at(target.input_path, event)
        return json.dumps(found)
    return json.dumps(event)


def _context(name: str, rule: EventRule, event: Event) -> str:
    """ "Adding context attributes" of EventBridge Scheduler."""
    return {
        "schedule-arn": rule.arn,
        "scheduled-time": str(event["time"]),
        "execution-id": str(event["id"]),
        "attempt-number": "1",
    }.get(name, f"<aws.scheduler.{name}>")
