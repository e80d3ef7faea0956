"""Rules and schedules that calls make: the APIs of EventBridge and its Scheduler."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import ANY, Mock

import pytest

from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.base.kept import DamagedError
from bonkei.blueprint.sns import EventRule, EventTarget
from bonkei.services.eventbridge.api import eventbridge, scheduler
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.eventbridge.catalogue import Catalogue

T = 1_800_000_000.0
CALLER = Caller("arn:aws:iam::123456789012:user/me", "AIDA", "123456789012")
TOPIC = "arn:aws:sns:eu-west-1:123456789012:t"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:q"
PATTERN = '{"source": ["own"]}'


class Client:
    def __init__(self, file: Path | None = None) -> None:
        self.got: list[tuple[str, str]] = []
        self.now = T

        async def deliver(target: EventTarget, payload: str, *_: object) -> None:
            self.got.append((target.arn, payload))

        self.bus = EventBus(deliver, lambda: self.now, (0.0, 0.0))
        if file is not None:
            self.bus.catalogue.open(file)
        self.bus.follow(())
        self._services = {"events": eventbridge(self.bus), "scheduler": scheduler(self.bus)}

    async def events(self, operation: str, **given: Any) -> Any:
        return await self._call("events", operation, given)

    async def schedules(self, operation: str, **given: Any) -> Any:
        return await self._call("scheduler", operation, given)

    async def _call(self, service: str, operation: str, given: dict[str, Any]) -> Any:
        call = AwsCall(service, operation, given, CALLER, "eu-west-1", T)
        return await self._services[service].answer(call)

    async def put(self, source: str = "own") -> list[tuple[str, str]]:
        entry = {"Source": source, "DetailType": "Tried", "Detail": '{"a": 1}'}
        await self.events("PutEvents", Entries=[entry])
        for _ in range(10):
            await asyncio.sleep(0)
        found, self.got = self.got, []
        return found


async def test_a_rule_is_created_gets_targets_and_is_deleted() -> None:
    client = Client()
    made = await client.events("PutRule", Name="r", EventPattern=PATTERN, Description="d")
    assert made["RuleArn"] == "arn:aws:events:eu-west-1:123456789012:rule/r"
    transformed = {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '{"seen": <a>}'}
    answer = await client.events(
        "PutTargets", Rule="r",
        Targets=[{"Id": "one", "Arn": TOPIC},
                 {"Id": "two", "Arn": QUEUE, "InputTransformer": transformed,
                  "SqsParameters": {"MessageGroupId": "g"}}],
    )  # fmt: skip
    assert answer["FailedEntryCount"] == 0
    found = await client.put()
    assert [arn for arn, _ in found] == [TOPIC, QUEUE]
    assert json.loads(found[1][1]) == {"seen": 1}
    assert await client.put("another") == []

    listed = (await client.events("ListTargetsByRule", Rule="r"))["Targets"]
    assert [one["Id"] for one in listed] == ["one", "two"]
    assert listed[1]["InputTransformer"] == transformed
    assert listed[1]["SqsParameters"] == {"MessageGroupId": "g"}
    names = await client.events("ListRuleNamesByTarget", TargetArn=QUEUE)
    assert names["RuleNames"] == ["r"]
    with pytest.raises(AwsServiceError, match="since it has targets"):
        await client.events("DeleteRule", Name="r")
    await client.events("RemoveTargets", Rule="r", Ids=["one", "two", "nobody"])
    await client.events("DeleteRule", Name="r")
    await client.events("DeleteRule", Name="r")
    with pytest.raises(AwsServiceError, match="does not exist"):
        await client.events("DescribeRule", Name="r")
    await client.bus.stop()


async def test_a_disabled_rule_calls_no_target() -> None:
    client = Client()
    await client.events("PutRule", Name="r", EventPattern=PATTERN)
    await client.events("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": TOPIC}])
    await client.events("DisableRule", Name="r")
    assert (await client.events("DescribeRule", Name="r"))["State"] == "DISABLED"
    assert await client.put() == []
    await client.events("EnableRule", Name="r")
    assert len(await client.put()) == 1
    await client.bus.stop()


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({}, "ValidationException", "EventPattern or ScheduleExpression must be specified"),
        ({"EventPattern": '{"a": 1}'}, "InvalidEventPatternException",
         r'Event pattern is not valid. Reason: "a" must be an object or an array\n at .*\$'),
        ({"ScheduleExpression": "rate(1 minutes)"}, "ValidationException",
         r": Parameter ScheduleExpression is not valid\.$"),
        ({"EventPattern": PATTERN, "EventBusName": "mine"}, "ResourceNotFoundException",
         "Event bus mine does not exist"),
    ],
)  # fmt: skip
async def test_invalid_rules(given: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(AwsServiceError, match=message) as caught:
        await Client().events("PutRule", Name="r", **given)
    assert caught.value.code == code


async def test_entries_without_a_part_are_refused_and_those_for_a_missing_bus_go_nowhere() -> None:
    client = Client()
    await client.events("PutRule", Name="r", EventPattern=PATTERN)
    await client.events("PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": TOPIC}])
    whole = {"Source": "own", "DetailType": "Tried", "Detail": "{}"}
    for part in whole:
        answer = await client.events("PutEvents", Entries=[whole | {part: ""}])
        assert answer["Entries"] == [
            {
                "ErrorCode": "InvalidArgument",
                "ErrorMessage": f"Parameter {part} is not valid. "
                f"Reason: {part} is a required argument.",
            }
        ]
    answer = await client.events("PutEvents", Entries=[whole | {"EventBusName": "none"}])
    assert answer["FailedEntryCount"] == 0
    assert answer["Entries"][0]["EventId"]
    await asyncio.sleep(0)
    assert client.got == []
    await client.bus.stop()


async def test_a_described_rule_has_its_account_and_a_page_of_targets_an_opaque_token() -> None:
    client = Client()
    await client.events("PutRule", Name="r", EventPattern=PATTERN)
    assert (await client.events("DescribeRule", Name="r"))["CreatedBy"] == "123456789012"
    targets = [{"Id": f"id-{number}", "Arn": TOPIC} for number in range(5)]
    await client.events("PutTargets", Rule="r", Targets=targets)
    first = await client.events("ListTargetsByRule", Rule="r", Limit=3)
    token = first["NextToken"]
    assert not any(token in each["Id"] for each in first["Targets"])
    rest = await client.events("ListTargetsByRule", Rule="r", Limit=3, NextToken=token)
    assert [each["Id"] for each in rest["Targets"]] == ["id-3", "id-4"]
    with pytest.raises(AwsServiceError) as caught:
        await client.events("PutTargets", Rule="r", Targets=[{"Id": "sixth", "Arn": TOPIC}])
    assert caught.value.message == "The requested resource exceeds the maximum number allowed."
    await client.bus.stop()


async def test_an_unsupported_target_is_reported_and_the_others_are_kept() -> None:
    client = Client()
    await client.events("PutRule", Name="r", EventPattern=PATTERN)
    wrong = {"Id": "no", "Arn": "arn:aws:states:eu-west-1:1:stateMachine:x"}
    answer = await client.events(
        "PutTargets", Rule="r", Targets=[wrong, {"Id": "yes", "Arn": TOPIC}]
    )
    assert answer["FailedEntryCount"] == 1
    assert "states are not simulated" in answer["FailedEntries"][0]["ErrorMessage"]
    assert len((await client.events("ListTargetsByRule", Rule="r"))["Targets"]) == 1
    more = [{"Id": str(number), "Arn": TOPIC} for number in range(6)]
    with pytest.raises(AwsServiceError) as caught:
        await client.events("PutTargets", Rule="r", Targets=more)
    assert caught.value.code == "LimitExceededException"


async def test_rules_of_calls_survive_a_restart_and_the_definitions_win(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    client = Client(file)
    await client.events("PutRule", Name="mine", EventPattern=PATTERN)
    await client.events(
        "PutTargets", Rule="mine",
        Targets=[{"Id": "1", "Arn": QUEUE, "RetryPolicy": {"MaximumRetryAttempts": 1}}],
    )  # fmt: skip
    await client.schedules("CreateScheduleGroup", Name="night")
    target = {"Arn": QUEUE, "RoleArn": "arn:aws:iam::1:role/r"}
    await client.schedules(
        "CreateSchedule", Name="s", GroupName="night", ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"}, Target=target,
    )  # fmt: skip

    again = Client(file)
    rules = (await again.events("ListRules"))["Rules"]
    assert [rule["Name"] for rule in rules] == ["mine"]
    assert len(await again.put()) == 1
    found = await again.schedules("GetSchedule", Name="s", GroupName="night")
    assert found["Target"]["RoleArn"] == target["RoleArn"]

    declared = EventRule("r", rules[0]["Arn"], "mine", '{"source": ["theirs"]}')
    again.bus.follow([declared])
    assert (await again.events("DescribeRule", Name="mine"))["EventPattern"] == declared.pattern
    await again.events("DisableRule", Name="mine")
    again.bus.follow([declared])
    assert (await again.events("DescribeRule", Name="mine"))["State"] == "ENABLED"
    again.bus.follow(())
    assert (await Client(file).events("ListRules"))["Rules"] == []


@pytest.mark.parametrize("text", ["", "{", '{"groups": []}'])
def test_a_damaged_file_is_named_and_stays(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DamagedError, match=r"rules\.json is damaged"):
        Catalogue().open(file)
    assert file.read_text(encoding="utf-8") == text


SCHEDULE: dict[str, Any] = {
    "Name": "s",
    "ScheduleExpression": "rate(5 minutes)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": QUEUE, "RoleArn": "arn:aws:iam::1:role/r", "Input": "now"},
}


async def minutes(client: Client, count: int) -> int:
    """How often the schedule fired."""
    for _ in range(count):
        client.now += 60
        client.bus.minute(client.now)
    for _ in range(10):
        await asyncio.sleep(0)
    found, client.got = client.got, []
    return len(found)


async def test_a_schedule_fires_between_its_dates_and_is_independent_of_others() -> None:
    """StartDate, EndDate: "the date, in UTC, after which the schedule can begin invoking its
    target", "before which" (CreateSchedule)."""
    client = Client()
    begins, ends = (datetime.fromtimestamp(T + minutes * 60, UTC) for minutes in (10, 20))
    await client.schedules("CreateSchedule", **SCHEDULE, StartDate=begins, EndDate=ends)
    assert await minutes(client, 3) == 0
    await client.schedules("CreateSchedule", **SCHEDULE | {"Name": "other", "State": "DISABLED"})
    assert await minutes(client, 27) == 3
    await client.bus.stop()


async def test_a_one_time_schedule_is_deleted_when_it_asks_for_it() -> None:
    """ActionAfterCompletion: "the action that you want EventBridge Scheduler to apply to the
    schedule after the schedule completes invoking the target"."""
    client = Client()
    at = datetime.fromtimestamp(T + 120, UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")
    once = SCHEDULE | {"ScheduleExpression": at}
    await client.schedules("CreateSchedule", **once, ActionAfterCompletion="DELETE")
    await client.schedules("CreateSchedule", **once | {"Name": "kept"})
    assert await minutes(client, 3) == 2
    listed = (await client.schedules("ListSchedules"))["Schedules"]
    assert [one["Name"] for one in listed] == ["kept"]
    await client.bus.stop()


async def test_what_the_disk_does_not_take_has_not_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that was deleted only here would be back after a restart. All others go on."""
    file = tmp_path / "rules.json"
    client = Client(file)
    at = datetime.fromtimestamp(T + 120, UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")
    once = SCHEDULE | {"Name": "once", "ScheduleExpression": at}
    await client.schedules("CreateSchedule", **once, ActionAfterCompletion="DELETE")
    await client.schedules("CreateSchedule", **SCHEDULE)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", Mock(side_effect=OSError("the disk is full")))
        with pytest.raises(OSError, match="full"):
            await client.schedules("DeleteSchedule", Name="s")
        with pytest.raises(OSError, match="full"):
            await client.schedules("CreateScheduleGroup", Name="group")
        assert await minutes(client, 6) == 2
    assert await minutes(client, 5) == 1
    assert client.bus.catalogue.groups == {"default"}
    for each in (client, Client(file)):
        listed = (await each.schedules("ListSchedules"))["Schedules"]
        assert [one["Name"] for one in listed] == ["s"]
    await client.bus.stop()


async def test_schedules_are_changed_listed_and_deleted() -> None:
    client = Client()
    await client.schedules("CreateSchedule", **SCHEDULE)
    with pytest.raises(AwsServiceError) as caught:
        await client.schedules("CreateSchedule", **SCHEDULE)
    assert (caught.value.code, caught.value.status) == ("ConflictException", 409)
    await client.schedules("UpdateSchedule", **SCHEDULE, State="DISABLED", Description="off")
    found = await client.schedules("GetSchedule", Name="s")
    assert (found["State"], found["Description"]) == ("DISABLED", "off")
    assert (await client.schedules("ListSchedules", State="ENABLED"))["Schedules"] == []
    assert (await client.events("ListRules"))["Rules"] == []  # a schedule is not a rule
    await client.schedules("DeleteSchedule", Name="s")
    with pytest.raises(AwsServiceError) as caught:
        await client.schedules("GetSchedule", Name="s")
    assert (caught.value.code, caught.value.status) == ("ResourceNotFoundException", 404)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ScheduleExpression": "rate(0 minutes)"},
         r": Invalid Schedule Expression rate\(0 minutes\)\.$"),
        ({"ScheduleExpressionTimezone": "Mars/Base"}, "Timezone Mars/Base"),
        ({"GroupName": "none"}, "group none does not exist"),
        ({"Target": {"Arn": "arn:aws:batch:eu-west-1:1:job/x", "RoleArn": "r"}},
         "batch are not simulated"),
    ],
)  # fmt: skip
async def test_invalid_schedules(more: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsServiceError, match=message):
        await Client().schedules("CreateSchedule", **SCHEDULE | more)


async def test_a_schedule_with_a_flexible_window_fires_at_its_beginning() -> None:
    client = Client()
    flexible = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    await client.schedules("CreateSchedule", **SCHEDULE | {"FlexibleTimeWindow": flexible})
    assert (await client.schedules("GetSchedule", Name="s"))["FlexibleTimeWindow"] == flexible
    await client.schedules("UpdateSchedule", **SCHEDULE)
    assert (await client.schedules("GetSchedule", Name="s"))["FlexibleTimeWindow"] == {
        "Mode": "OFF"
    }
    await client.bus.stop()


async def test_a_deleted_group_deletes_its_schedules() -> None:
    client = Client()
    await client.schedules("CreateScheduleGroup", Name="night")
    await client.schedules("CreateSchedule", **SCHEDULE, GroupName="night")
    names = [g["Name"] for g in (await client.schedules("ListScheduleGroups"))["ScheduleGroups"]]
    assert names == ["default", "night"]
    await client.schedules("DeleteScheduleGroup", Name="night")
    assert (await client.schedules("ListSchedules"))["Schedules"] == []
    with pytest.raises(AwsServiceError, match="cannot be deleted"):
        await client.schedules("DeleteScheduleGroup", Name="default")


async def test_a_target_is_retried_as_often_as_its_policy_allows() -> None:
    tries: list[str] = []

    async def deliver(target: EventTarget, _payload: str, *_: object) -> None:
        tries.append(target.arn)
        raise AwsServiceError("Throttled", "not now")

    bus = EventBus(deliver, lambda: T, (0.0, 0.0, 0.0))
    target = EventTarget("t", TOPIC, retries=1, dead_letters=QUEUE)
    bus.follow([EventRule("r", "arn:r", "r", PATTERN, deliveries=(target,))])
    bus.put({"source": "own", "detail-type": "x", "detail": {}})
    for _ in range(20):
        await asyncio.sleep(0)
    await bus.stop()
    assert tries == [TOPIC, TOPIC, QUEUE]


CLUSTER, ROLE = "arn:aws:ecs:eu-west-1:123456789012:cluster/c", "arn:aws:iam::123456789012:role/r"
VPC = {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED"}}
TASK = {"TaskDefinitionArn": "arn:task", "TaskCount": 1, "NetworkConfiguration": VPC}


async def test_a_task_as_a_target_is_described_as_it_was_put(tmp_path: Path) -> None:
    client = Client(tmp_path / "rules.json")
    policy = {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60}
    target = {
        "Id": "1", "Arn": CLUSTER, "RoleArn": ROLE, "EcsParameters": TASK, "RetryPolicy": policy,
    }  # fmt: skip
    await client.events("PutRule", Name="r", EventPattern=PATTERN)
    answer = await client.events("PutTargets", Rule="r", Targets=[target])
    assert answer["FailedEntryCount"] == 0
    again = Client(tmp_path / "rules.json")
    [found] = (await again.events("ListTargetsByRule", Rule="r"))["Targets"]
    assert {name: found[name] for name in target} == target


@pytest.mark.parametrize("missing", ["RoleArn", "EcsParameters"])
async def test_a_task_needs_a_role_and_its_parameters(missing: str) -> None:
    client = Client()
    target = {"Id": "1", "Arn": CLUSTER, "RoleArn": ROLE, "EcsParameters": TASK}
    del target[missing]
    await client.events("PutRule", Name="r", EventPattern=PATTERN)
    [failed] = (await client.events("PutTargets", Rule="r", Targets=[target]))["FailedEntries"]
    assert "RoleArn and EcsParameters are required" in failed["ErrorMessage"]


def test_a_task_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    target = EventTarget("", CLUSTER, ROLE, ecs={"TaskDefinitionArn": "arn:task", "TaskCount": 2})
    file = tmp_path / "rules.json"
    earlier = asdict(target) | {"task_definition_arn": "arn:task", "task_count": 2}
    del earlier["ecs"], earlier["event_age"]
    rule = asdict(EventRule("", "arn:r", "r", PATTERN)) | {"deliveries": [earlier]}
    file.write_text(json.dumps({"rules": [rule], "groups": []}))
    catalogue = Catalogue()
    catalogue.open(file)
    [found] = catalogue.rules
    assert found.deliveries == (target,)


async def test_an_event_for_an_unknown_bus_is_accepted_and_told() -> None:
    """AWS answers with an EventId."""
    client = Client()
    await client.events("PutRule", Name="r", EventPattern=PATTERN)
    target = {"Id": "1", "Arn": QUEUE}
    await client.events("PutTargets", Rule="r", Targets=[target])
    entry = {"Source": "own", "DetailType": "x", "Detail": "{}", "EventBusName": "mine"}
    answer = await client.events("PutEvents", Entries=[entry])
    assert (answer["FailedEntryCount"], bool(answer["Entries"][0]["EventId"])) == (0, True)
    assert await client.put() == [(QUEUE, ANY)]
    assert "the last on mine: no rule sees them" in client.bus.notes()[-1]
