"""The service `events` of the AWS endpoint: PutEvents, and the calls for rules.

"Amazon EventBridge API Reference", https://docs.aws.amazon.com/eventbridge/latest/APIReference/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError, Operations
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import page_of
from bonkei.blueprint.sns import EventRule
from bonkei.grammar.event_pattern import EventPatternError, parse_event_pattern
from bonkei.grammar.schedule import parse_schedule, require_unit
from bonkei.services.eventbridge.api.event_entries import put_events
from bonkei.services.eventbridge.api.event_targets import described, refusal, target_of
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.eventbridge.catalogue import MOST

_DEFAULT = "default"
_TARGETS = 5  # of a rule ("Amazon EventBridge quotas")
_PAGE = 100
_MANDATORY = frozenset({"id", "account", "source", "time", "region", "detail-type"})
"""Of an event to test. The page of TestEventPattern names `resources`, too, but AWS takes an event
without it."""


def eventbridge(bus: EventBus) -> Operations:
    """An AwsService over the bus and its rules."""
    return Operations.of(_Rules(bus))


def _invalid_pattern(error: EventPatternError) -> AwsServiceError:
    message = f"Event pattern is not valid. Reason: {error.reason}\n at [Source: {error.message}]"
    return AwsServiceError("InvalidEventPatternException", message)


class _Rules:
    """The rules of the default bus. On AWS, schedules of EventBridge Scheduler are not rules."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    def _all(self) -> list[EventRule]:
        return [one for one in self._bus.catalogue.rules if ":scheduler:" not in one.arn]

    async def put_events(self, call: AwsCall) -> Mapping[str, Any]:
        return put_events(self._bus, call)

    async def test_event_pattern(self, call: AwsCall) -> Mapping[str, Any]:
        """Whether a pattern matches an event."""
        try:
            event = json.loads(call.parameters["Event"])
            test = parse_event_pattern(call.parameters["EventPattern"])
        except EventPatternError as error:
            raise _invalid_pattern(error) from None
        except (ValueError, RecursionError):
            raise AwsServiceError("ValidationException", "Parameter Event is not valid.") from None
        if not isinstance(event, dict) or not event.keys() >= _MANDATORY:
            raise AwsServiceError("ValidationException", "Parameter Event is not valid.")
        return {"Result": test(event)}

    async def list_rules(self, call: AwsCall) -> Mapping[str, Any]:
        _require_default(call)
        prefix = call.parameters.get("NamePrefix", "")
        found = [_rule(one) for one in self._all() if one.name.startswith(prefix)]
        return page_of(call, "Rules", found, _PAGE, "ValidationException")

    async def list_rule_names_by_target(self, call: AwsCall) -> Mapping[str, Any]:
        _require_default(call)
        wanted = call.parameters["TargetArn"]
        found = [one.name for one in self._all() if any(t.arn == wanted for t in one.deliveries)]
        return page_of(call, "RuleNames", found, _PAGE, "ValidationException")

    async def describe_rule(self, call: AwsCall) -> Mapping[str, Any]:
        found = self._find(call, call.parameters["Name"])
        return _rule(found) | {"CreatedBy": call.caller.account}

    async def put_rule(self, call: AwsCall) -> Mapping[str, Any]:
        """A new rule, or new settings of an existing one. It keeps its targets."""
        _require_default(call)
        given, arn = call.parameters, _arn(call, call.parameters["Name"])
        pattern, schedule = given.get("EventPattern", ""), given.get("ScheduleExpression", "")
        if not pattern and not schedule:
            raise AwsServiceError(
                "ValidationException",
                "Parameter(s) EventPattern or ScheduleExpression must be specified.",
            )
        _require_possible(pattern, schedule)
        known = self._bus.catalogue.find(arn)
        if known is None and len(self._all()) >= MOST:
            raise AwsServiceError("LimitExceededException", f"An event bus has {MOST} rules.")
        rule = EventRule(
            address=known.address if known is not None else "",
            arn=arn,
            name=given["Name"],
            pattern=pattern,
            schedule=schedule,
            targets=known.targets if known is not None else (),
            deliveries=known.deliveries if known is not None else (),
            enabled=given.get("State", "ENABLED") != "DISABLED",
            description=given.get("Description", ""),
        )
        self._keep(rule)
        return {"RuleArn": arn}

    async def delete_rule(self, call: AwsCall) -> Mapping[str, Any]:
        """A missing rule is not an error. A rule with targets cannot be deleted."""
        _require_default(call)
        arn = _arn(call, call.parameters["Name"])
        known = self._bus.catalogue.find(arn)
        if known is not None and known.deliveries:
            raise AwsServiceError(
                "ValidationException", "Rule can't be deleted since it has targets."
            )
        self._bus.catalogue.remove(arn)
        self._bus.refresh()
        return {}

    async def enable_rule(self, call: AwsCall) -> Mapping[str, Any]:
        self._keep(replace(self._find(call, call.parameters["Name"]), enabled=True))
        return {}

    async def disable_rule(self, call: AwsCall) -> Mapping[str, Any]:
        self._keep(replace(self._find(call, call.parameters["Name"]), enabled=False))
        return {}

    async def list_targets_by_rule(self, call: AwsCall) -> Mapping[str, Any]:
        rule = self._find(call, call.parameters["Rule"])
        found = [described(target, number) for number, target in enumerate(rule.deliveries, 1)]
        return page_of(call, "Targets", found, _PAGE, "ValidationException")

    async def put_targets(self, call: AwsCall) -> Mapping[str, Any]:
        """Put each target separately: a target that is not simulated does not fail the others."""
        rule = self._find(call, call.parameters["Rule"])
        kept = {one.id or str(number): one for number, one in enumerate(rule.deliveries, 1)}
        failed = []
        for given in call.parameters["Targets"]:
            if problem := refusal(given):
                failed.append(
                    {
                        "TargetId": given["Id"],
                        "ErrorCode": "ValidationException",
                        "ErrorMessage": problem,
                    }
                )
            else:
                kept[given["Id"]] = target_of(given)
        if len(kept) > _TARGETS:
            raise AwsServiceError(
                "LimitExceededException",
                "The requested resource exceeds the maximum number allowed.",
            )
        self._keep(_with_targets(rule, kept))
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    async def remove_targets(self, call: AwsCall) -> Mapping[str, Any]:
        """Remove targets by their ids. A missing one is not an error."""
        rule = self._find(call, call.parameters["Rule"])
        gone = set(call.parameters["Ids"])
        kept = {one.id or str(number): one for number, one in enumerate(rule.deliveries, 1)}
        self._keep(_with_targets(rule, {i: one for i, one in kept.items() if i not in gone}))
        return {"FailedEntryCount": 0, "FailedEntries": []}

    async def describe_event_bus(self, call: AwsCall) -> Mapping[str, Any]:
        _require_default(call, "Name")
        return _bus(call)

    async def list_event_buses(self, call: AwsCall) -> Mapping[str, Any]:
        return {"EventBuses": [_bus(call)]}

    def _keep(self, rule: EventRule) -> None:
        try:
            self._bus.catalogue.put(rule)
        except OSError as error:
            message = f"The rule is not kept: {error.strerror}"
            raise AwsServiceError("InternalException", message, 500) from None
        self._bus.refresh()

    def _find(self, call: AwsCall, name: str) -> EventRule:
        _require_default(call)
        found = next((one for one in self._all() if one.name == name), None)
        if found is None:
            raise AwsServiceError(
                "ResourceNotFoundException", f"Rule {name} does not exist on EventBus default."
            )
        return found


def _require_possible(pattern: str, schedule: str) -> None:
    try:
        if pattern:
            parse_event_pattern(pattern)
    except EventPatternError as error:
        raise _invalid_pattern(error) from None
    try:
        if schedule:
            require_unit(schedule)
            parse_schedule(schedule)
    except BonkeiError:
        message = "Parameter ScheduleExpression is not valid."
        raise AwsServiceError("ValidationException", message) from None


def _require_default(call: AwsCall, name: str = "EventBusName") -> None:
    bus = str(call.parameters.get(name) or _DEFAULT).rpartition("/")[2]
    if bus != _DEFAULT:
        raise AwsServiceError("ResourceNotFoundException", f"Event bus {bus} does not exist.")


def _with_targets(rule: EventRule, kept: Mapping[str, Any]) -> EventRule:
    arns = tuple(sorted(target.arn for target in kept.values()))
    return replace(rule, targets=arns, deliveries=tuple(kept.values()))


def _arn(call: AwsCall, name: str) -> str:
    return f"arn:aws:events:{call.region}:{call.caller.account}:rule/{name}"


def _bus(call: AwsCall) -> dict[str, Any]:
    place = f"arn:aws:events:{call.region}:{call.caller.account}:event-bus/{_DEFAULT}"
    return {"Name": _DEFAULT, "Arn": place}


def _rule(one: EventRule) -> dict[str, Any]:
    return {
        "Name": one.name,
        "Arn": one.arn,
        "EventPattern": one.pattern or None,
        "ScheduleExpression": one.schedule or None,
        "State": "ENABLED" if one.enabled else "DISABLED",
        "Description": one.description or None,
        "EventBusName": _DEFAULT,
    }
