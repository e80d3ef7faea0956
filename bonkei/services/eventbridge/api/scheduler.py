"""The service `scheduler` of the AWS endpoint: EventBridge Scheduler.

"Amazon EventBridge Scheduler API Reference",
https://docs.aws.amazon.com/scheduler/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bonkei.base.aws_service import AwsCall, AwsServiceError, Operations, seconds
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import page_of
from bonkei.blueprint.sns import EventRule
from bonkei.grammar.schedule import parse_schedule
from bonkei.services.eventbridge.api.event_targets import refusal, shown, target_of
from bonkei.services.eventbridge.bus import EventBus

_DEFAULT = "default"
_MOST = 1000
_PAGE = 100


def scheduler(bus: EventBus) -> Operations:
    """An AwsService over the bus's schedules."""
    return Operations.of(_Schedules(bus))


class _Schedules:
    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    def _all(self) -> list[EventRule]:
        return [one for one in self._bus.catalogue.rules if ":scheduler:" in one.arn]

    async def create_schedule(self, call: AwsCall) -> Mapping[str, Any]:
        arn = _arn(call)
        if self._bus.catalogue.find(arn) is not None:
            name = call.parameters["Name"]
            raise AwsServiceError("ConflictException", f"Schedule {name} already exists.", 409)
        if len(self._all()) >= _MOST:
            message = f"The miniature keeps {_MOST} schedules."
            raise AwsServiceError("ServiceQuotaExceededException", message, 402)
        self._keep(self._made(call))
        return {"ScheduleArn": arn}

    async def update_schedule(self, call: AwsCall) -> Mapping[str, Any]:
        """Replaces all settings of a schedule. A missing setting returns to its default."""
        known = self._find(call)
        self._keep(replace(self._made(call), address=known.address))
        return {"ScheduleArn": known.arn}

    async def get_schedule(self, call: AwsCall) -> Mapping[str, Any]:
        one = self._find(call)
        target = one.deliveries[0]
        return _summary(one) | {
            "ScheduleExpression": one.schedule,
            "ScheduleExpressionTimezone": one.time_zone or "UTC",
            "StartDate": one.begins or None,
            "EndDate": one.ends or None,
            "Description": one.description or None,
            "FlexibleTimeWindow": _window(one),
            "ActionAfterCompletion": "DELETE" if one.is_deleted_after else "NONE",
            "Target": shown(target),
        }

    async def delete_schedule(self, call: AwsCall) -> Mapping[str, Any]:
        self._bus.catalogue.remove(self._find(call).arn)
        self._bus.refresh()
        return {}

    async def list_schedules(self, call: AwsCall) -> Mapping[str, Any]:
        """Filters by group, by a prefix of the names, and by state."""
        given = call.parameters
        found = [
            _summary(one) | {"Target": {"Arn": one.deliveries[0].arn}}
            for one in self._all()
            if one.name.startswith(given.get("NamePrefix", ""))
            and one.group in (given.get("GroupName", one.group), "")
            and _state(one) == given.get("State", _state(one))
        ]
        return page_of(call, "Schedules", found, _PAGE, "ValidationException")

    async def create_schedule_group(self, call: AwsCall) -> Mapping[str, Any]:
        name = call.parameters["Name"]
        if name in self._bus.catalogue.groups:
            message = f"Schedule group {name} already exists."
            raise AwsServiceError("ConflictException", message, 409)
        self._bus.catalogue.set_groups(self._bus.catalogue.groups | {name})
        return {"ScheduleGroupArn": _group(call, name)["Arn"]}

    async def get_schedule_group(self, call: AwsCall) -> Mapping[str, Any]:
        self._require_group(call.parameters["Name"])
        return _group(call, call.parameters["Name"])

    async def delete_schedule_group(self, call: AwsCall) -> Mapping[str, Any]:
        """Deletes the group and its schedules, as on AWS. The default group cannot be deleted."""
        name = call.parameters["Name"]
        self._require_group(name)
        if name == _DEFAULT:
            message = "The default schedule group cannot be deleted."
            raise AwsServiceError("ValidationException", message)
        for one in self._all():
            if one.group == name:
                self._bus.catalogue.remove(one.arn)
        self._bus.catalogue.set_groups(self._bus.catalogue.groups - {name})
        self._bus.refresh()
        return {}

    async def list_schedule_groups(self, call: AwsCall) -> Mapping[str, Any]:
        prefix = call.parameters.get("NamePrefix", "")
        names = [name for name in sorted(self._bus.catalogue.groups) if name.startswith(prefix)]
        found = [_group(call, name) for name in names]
        return page_of(call, "ScheduleGroups", found, _PAGE, "ValidationException")

    def _made(self, call: AwsCall) -> EventRule:
        given = call.parameters
        group = given.get("GroupName") or _DEFAULT
        self._require_group(group)
        zone = given.get("ScheduleExpressionTimezone") or "UTC"
        try:
            parse_schedule(given["ScheduleExpression"], ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise _invalid(f"Invalid Schedule Expression Timezone {zone}.") from None
        except BonkeiError:
            message = f"Invalid Schedule Expression {given['ScheduleExpression']}."
            raise _invalid(message) from None
        if problem := refusal(given["Target"]):
            raise _invalid(problem)
        target = target_of(given["Target"])
        return EventRule(
            address="",
            arn=_arn(call),
            name=given["Name"],
            schedule=given["ScheduleExpression"],
            targets=(target.arn,),
            deliveries=(target,),
            enabled=given.get("State", "ENABLED") == "ENABLED",
            time_zone=zone,
            begins=seconds(given["StartDate"]) if given.get("StartDate") else 0.0,
            ends=seconds(given["EndDate"]) if given.get("EndDate") else 0.0,
            is_deleted_after=given.get("ActionAfterCompletion") == "DELETE",
            group=group,
            description=given.get("Description", ""),
            window=int(given["FlexibleTimeWindow"].get("MaximumWindowInMinutes") or 0),
        )

    def _find(self, call: AwsCall) -> EventRule:
        found = self._bus.catalogue.find(_arn(call))
        if found is None:
            name = call.parameters["Name"]
            message = f"Schedule {name} does not exist."
            raise AwsServiceError("ResourceNotFoundException", message, 404)
        return found

    def _keep(self, rule: EventRule) -> None:
        try:
            self._bus.catalogue.put(rule)
        except OSError as error:
            message = f"The schedule is not kept: {error.strerror}"
            raise AwsServiceError("InternalServerException", message, 500) from None
        self._bus.refresh()

    def _require_group(self, name: str) -> None:
        declared = {one.group for one in self._all()}
        if name not in self._bus.catalogue.groups | declared:
            message = f"Schedule group {name} does not exist."
            raise AwsServiceError("ResourceNotFoundException", message, 404)


def _invalid(message: str) -> AwsServiceError:
    return AwsServiceError("ValidationException", message)


def _arn(call: AwsCall) -> str:
    group = call.parameters.get("GroupName") or _DEFAULT
    place = f"arn:aws:scheduler:{call.region}:{call.caller.account}"
    return f"{place}:schedule/{group}/{call.parameters['Name']}"


def _group(call: AwsCall, name: str) -> dict[str, Any]:
    place = f"arn:aws:scheduler:{call.region}:{call.caller.account}"
    return {"Arn": f"{place}:schedule-group/{name}", "Name": name, "State": "ACTIVE"}


def _window(one: EventRule) -> dict[str, Any]:
    if not one.window:
        return {"Mode": "OFF"}
    return {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": one.window}


def _state(one: EventRule) -> str:
    return "ENABLED" if one.enabled else "DISABLED"


def _summary(one: EventRule) -> dict[str, Any]:
    return {
        "Arn": one.arn,
        "Name": one.name,
        "GroupName": one.group or _DEFAULT,
        "State": _state(one),
    }
