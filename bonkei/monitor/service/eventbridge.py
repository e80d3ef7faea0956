"""The service `events` of the AWS endpoint: programs put events, and look at the rules."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bonkei.aws_service import AwsCall, AwsServiceError, Operations
from bonkei.blueprint.notification import EventRule
from bonkei.monitor.events.bus import EventBus
from bonkei.monitor.events.pattern import EventPatternError, parse_event_pattern
from bonkei.monitor.service.spelling import seconds

_LARGEST = 256 * 1024  # of an entry, in bytes
_DEFAULT = "default"


def eventbridge(bus: EventBus, rules: Callable[[], tuple[EventRule, ...]]) -> Operations:
    """An AwsService over the bus; `rules` are the definitions' own."""
    operations = _EventBridge(bus, rules)
    return Operations(
        {
            "PutEvents": operations.put,
            "TestEventPattern": operations.test,
            "ListRules": operations.list,
            "DescribeRule": operations.describe,
            "ListTargetsByRule": operations.targets,
        }
    )


class _EventBridge:
    def __init__(self, bus: EventBus, rules: Callable[[], tuple[EventRule, ...]]) -> None:
        self._bus = bus
        self._rules = rules

    async def put(self, call: AwsCall) -> Mapping[str, Any]:
        """Each entry by itself: one that cannot be is no error of the others."""
        results = [self._one(entry, call) for entry in call.parameters["Entries"]]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def _one(self, entry: Mapping[str, Any], call: AwsCall) -> dict[str, Any]:
        missing = [n for n in ("Source", "DetailType", "Detail") if not entry.get(n)]
        if missing:
            return _refused(
                "InvalidArgument", f"Parameter {missing[0]} is not valid. It is missing."
            )
        if str(entry["Source"]).startswith("aws."):
            return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
        if str(entry.get("EventBusName") or _DEFAULT).rpartition("/")[2] != _DEFAULT:
            return _refused("ResourceNotFoundException", "Only the default event bus is simulated.")
        if len(entry["Detail"].encode()) > _LARGEST:
            return _refused("InvalidArgument", "Total size of the entries in the request is over.")
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            return _refused("MalformedDetail", "Detail is malformed.")
        if not isinstance(detail, dict):
            return _refused("MalformedDetail", "Detail is malformed.")
        moment = seconds(entry["Time"]) if entry.get("Time") else call.time
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": call.caller.account,
            "time": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": call.region,
            "resources": list(entry.get("Resources") or ()),
            "detail": detail,
        }
        self._bus.put(event)
        return {"EventId": event["id"]}

    async def test(self, call: AwsCall) -> Mapping[str, Any]:
        """Whether a pattern matches an event."""
        try:
            event = json.loads(call.parameters["Event"])
            test = parse_event_pattern(call.parameters["EventPattern"])
        except EventPatternError as error:
            raise AwsServiceError("InvalidEventPatternException", error.message) from None
        except ValueError:
            raise AwsServiceError("ValidationException", "Parameter Event is not valid.") from None
        return {"Result": test(event)}

    async def list(self, call: AwsCall) -> Mapping[str, Any]:
        """By a prefix of their names."""
        prefix = call.parameters.get("NamePrefix", "")
        return {"Rules": [_rule(one) for one in self._rules() if one.name.startswith(prefix)]}

    async def describe(self, call: AwsCall) -> Mapping[str, Any]:
        """One rule."""
        return _rule(self._find(call.parameters["Name"]))

    async def targets(self, call: AwsCall) -> Mapping[str, Any]:
        """The targets of a rule."""
        found = self._find(call.parameters["Rule"])
        return {
            "Targets": [
                {
                    "Id": str(number),
                    "Arn": target.arn,
                    "RoleArn": target.role_arn or None,
                    "Input": target.input or None,
                    "InputPath": target.input_path or None,
                }
                for number, target in enumerate(found.deliveries, 1)
            ]
        }

    def _find(self, name: str) -> EventRule:
        for one in self._rules():
            if one.name == name:
                return one
        raise AwsServiceError(
            "ResourceNotFoundException", f"Rule {name} does not exist on EventBus default."
        )


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _rule(one: EventRule) -> dict[str, Any]:
    return {
        "Name": one.name,
        "Arn": one.arn,
        "EventPattern": one.pattern or None,
        "ScheduleExpression": one.schedule or None,
        "State": "ENABLED" if one.enabled else "DISABLED",
        "EventBusName": _DEFAULT,
    }
