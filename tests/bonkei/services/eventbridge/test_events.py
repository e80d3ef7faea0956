"""EventBridge: patterns, transformers and schedules, after its documentation.

"Comparison operators for use in event patterns in Amazon EventBridge",
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.sns import EventRule, EventTarget
from bonkei.definitions.provider.aws.shared.formats import schedule
from bonkei.grammar.event_pattern import parse_event_pattern
from bonkei.grammar.schedule import ScheduleError, parse_schedule, require_unit
from bonkei.services.eventbridge.bus import EventBus, minutes_since
from bonkei.services.eventbridge.rules import payload

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "3e3c153a-8339-4e30-8c35-687ebef853fe",
    "detail-type": "EC2 Instance Launch Successful",
    "source": "aws.autoscaling",
    "account": "123456789012",
    "time": "2015-11-11T21:31:47Z",
    "region": "us-east-1",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "eventVersion": "",
        "responseElements": None,
        "c-count": 5,
        "d-count": 2.5,
        "ip": "10.0.0.77",
        "state": "initializing",
        "FileName": "Picture.PNG",
        "path": "dir/a/file.png",
        "ready": True,
        "items": [{"id": 1}, {"id": 2}],
    },
}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"state": ["initializing"]}, True),
        ({"state": ["running"]}, False),
        ({"eventVersion": [""]}, True),
        ({"responseElements": [None]}, True),
        ({"missing": [None]}, False),
        ({"state": [{"prefix": "init"}]}, True),
        ({"state": [{"prefix": {"equals-ignore-case": "INIT"}}]}, True),
        ({"FileName": [{"suffix": ".png"}]}, False),
        ({"FileName": [{"suffix": {"equals-ignore-case": ".png"}}]}, True),
        ({"FileName": [{"equals-ignore-case": "picture.png"}]}, True),
        ({"state": [{"anything-but": "initializing"}]}, False),
        ({"state": [{"anything-but": ["stopped", "overloaded"]}]}, True),
        ({"c-count": [{"anything-but": [100, 200]}]}, True),
        ({"state": [{"anything-but": {"prefix": "init"}}]}, False),
        ({"state": [{"anything-but": {"suffix": ["x", "y"]}}]}, True),
        ({"state": [{"anything-but": {"equals-ignore-case": "INITIALIZING"}}]}, False),
        ({"path": [{"anything-but": {"wildcard": "*/lib/*"}}]}, True),
        ({"missing": [{"anything-but": "x"}]}, False),
        ({"c-count": [{"numeric": [">", 0, "<=", 5]}]}, True),
        ({"d-count": [{"numeric": ["<", 2.5]}]}, False),
        ({"d-count": [{"numeric": ["=", 2.5]}]}, True),
        ({"ready": [{"numeric": ["=", 1]}]}, False),
        ({"ready": [1]}, False),
        ({"ready": [True]}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"ip": [{"cidr": "10.1.0.0/24"}]}, False),
        ({"ip": [{"cidr": "10.0.0.77/24"}]}, True),
        ({"state": [{"exists": True}]}, True),
        ({"missing": [{"exists": False}]}, True),
        ({"missing": {"below": [{"exists": False}]}}, True),
        ({"path": [{"wildcard": "dir/*.png"}]}, True),
        ({"path": [{"wildcard": "dir/\\*.png"}]}, False),
        ({"items": {"id": [2]}}, True),
        ({"items": {"id": [3]}}, False),
        ({"$or": [{"c-count": [{"numeric": [">", 9]}]}, {"d-count": [2.5]}]}, True),
        ({"$or": [{"c-count": [9]}, {"d-count": [9]}]}, False),
        ({"state": ["initializing"], "c-count": [6]}, False),
    ],
)
def test_operators(detail: dict[str, Any], expected: bool) -> None:
    assert parse_event_pattern(json.dumps({"detail": detail}))(EVENT) is expected


def test_a_list_in_the_event_matches_by_any_of_its_values() -> None:
    pattern = {"source": ["aws.autoscaling"], "resources": ["arn:x", "arn:b"]}

    assert parse_event_pattern(json.dumps(pattern))(EVENT)


RULE = EventRule("r", "arn:aws:events:eu-west-1:1:rule/r", "r", pattern='{"source": ["aws.ecs"]}')


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (EventTarget("t", "a", input_path="$.detail.state"), '"initializing"'),
        (EventTarget("t", "a", input='{"fixed": 1}'), '{"fixed": 1}'),
        (
            EventTarget(
                "t",
                "a",
                input_paths=(("state", "$.detail.state"), ("n", "$.detail.c-count")),
                template='"It is <state> (<n>, <aws.events.rule-name>)"',
            ),
            '"It is initializing (5, r)"',
        ),
        (
            EventTarget(
                "t",
                "a",
                input_paths=(("state", "$.detail.state"), ("one", "$.resources[0]")),
                template='{"state": <state>, "first": <one>, "text": "<one>"}',
            ),
            '{"state": "initializing", "first": "arn:a", "text": "arn:a"}',
        ),
    ],
)
def test_the_input_of_a_target(target: EventTarget, expected: str) -> None:
    assert payload(RULE, target, EVENT, 0) == expected


def test_a_target_without_an_input_gets_the_event() -> None:
    assert json.loads(payload(RULE, EventTarget("t", "a"), EVENT, 0)) == EVENT


def fires(expression: str, moment: str, zone: str = "UTC") -> bool:
    minute = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    return parse_schedule(expression, ZoneInfo(zone))(minute, 0)


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("cron(15 10 * * ? *)", "2026-11-26T10:15", True),
        ("cron(15 10 * * ? *)", "2026-11-26T10:16", False),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-27T18:00", True),  # a Friday
        ("cron(0 18 ? * MON-FRI *)", "2026-11-28T18:00", False),
        ("cron(0 8 1 * ? *)", "2026-12-01T08:00", True),
        ("cron(0/15 * * * ? *)", "2026-12-01T08:45", True),
        ("cron(0/15 * * * ? *)", "2026-12-01T08:46", False),
        ("cron(0 0 L * ? *)", "2026-02-28T00:00", True),
        ("cron(0 0 3W * ? *)", "2026-10-02T00:00", True),  # the 3rd is a Saturday
        ("cron(0 0 ? * 6#2 *)", "2026-11-13T00:00", True),  # the second Friday
        ("cron(0 0 ? * 6#2 *)", "2026-11-20T00:00", False),
        ("cron(0 0 ? * 6L *)", "2026-11-27T00:00", True),
        ("cron(0 0 ? * 6L *)", "2026-11-20T00:00", False),
        ("cron(0 0 1 JAN,JUL ? 2027)", "2027-07-01T00:00", True),
        ("cron(0 9 ? * SAT-SUN *)", "2026-11-28T09:00", True),  # a Saturday
        ("cron(0 9 ? * SAT-SUN *)", "2026-11-29T09:00", True),
        ("cron(0 9 ? * SAT-SUN *)", "2026-11-30T09:00", False),
        ("cron(0 22-2/2 * * ? *)", "2026-11-30T22:00", True),
        ("cron(0 22-2/2 * * ? *)", "2026-11-30T00:00", True),
        ("cron(0 22-2/2 * * ? *)", "2026-11-30T01:00", False),
        ("cron(0 0 1 NOV-FEB ? *)", "2026-12-01T00:00", True),
        ("cron(0 0 1 NOV-FEB ? *)", "2026-03-01T00:00", False),
        ("cron(0 0 LW * ? *)", "2026-10-30T00:00", True),  # the 31st is a Saturday
        ("cron(0 0 LW * ? *)", "2026-10-31T00:00", False),
        ("cron(0 0 L-2 * ? *)", "2026-02-26T00:00", True),
        ("cron(0 0 1,15W * ? *)", "2026-08-14T00:00", True),  # the 15th is a Saturday
        ("cron(0 0 1,15W * ? *)", "2026-08-15T00:00", False),
        ("cron(0 0 ? * MON#1,3L *)", "2026-11-24T00:00", True),  # the last Tuesday
        ("at(2026-11-26T12:30:00)", "2026-11-26T12:30", True),
        ("at(2026-11-26T12:30:00)", "2027-11-26T12:30", False),
    ],
)
def test_schedules(expression: str, moment: str, expected: bool) -> None:
    assert schedule(expression) is None  # it is planned
    assert fires(expression, moment) is expected


@pytest.mark.parametrize("expression", ["cron(30 2 * * ? *)", "cron(0/15 * * * ? *)"])
def test_an_hour_that_comes_twice_is_one_for_a_schedule(expression: str) -> None:
    """In Berlin, clocks went back from 3:00 to 2:00 at 2026-10-25T01:00Z. "Daylight savings time on
    EventBridge Scheduler"."""
    assert fires(expression, "2026-10-25T00:30", "Europe/Berlin")
    assert not fires(expression, "2026-10-25T01:30", "Europe/Berlin")
    assert fires(expression, "2026-10-26T01:30", "Europe/Berlin")


def test_a_schedule_follows_its_time_zone() -> None:
    assert fires("cron(0 9 * * ? *)", "2026-11-26T00:00", "Asia/Tokyo")


def test_a_rate_counts_from_its_start() -> None:
    due = parse_schedule("rate(5 minutes)")

    assert [minute for minute in range(15) if due(1200.0 + 60 * minute, 1200.0)] == [5, 10]


def test_an_hour_in_the_plural_is_an_hour() -> None:
    """For EventBridge Scheduler; a rule refuses it."""
    assert parse_schedule("rate(1 hours)")(7200.0, 3600.0)
    for doubtful in ("rate(1 hours)", "rate(5 hour)"):
        with pytest.raises(ScheduleError):
            require_unit(doubtful)


def test_a_step_without_a_beginning_begins_with_the_first() -> None:
    due = parse_schedule("cron(0 /8 * * ? *)")
    assert [hour for hour in range(24) if due(3600.0 * hour, 0.0)] == [0, 8, 16]


@pytest.mark.parametrize(
    "expression",
    ["rate(0 minutes)", "cron(* * * * * *)", "cron(0 0 1 1)", "cron(- * * * ? *)",
     "cron(60 * * * ? *)", "cron(x * * * ? *)", "every day", "at(2026-02-30T00:00:00)",
     "at(2026-01-01T24:00:00)", f"rate({'9' * 5000} days)", f"cron({'9' * 5000} * * * ? *)",
     "cron(0 0 0W * ? *)", "cron(0 0 32W * ? *)", "cron(0 0 ? * 8L *)", "cron(0 0 ? * 0#1 *)",
     "cron(0 0 1 1 ? 2030-2026)", "cron(0 22-24 * * ? *)", "cron(0 0 ? * 0-2 *)"],
)  # fmt: skip
def test_invalid_schedules(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(expression)


class Targets:
    def __init__(self, failing: int = 0, problem: Exception | None = None) -> None:
        self.failing = failing
        self.problem = problem or BonkeiError("not now")
        self.got: list[tuple[str, str]] = []
        self.counted: list[tuple[str, str]] = []
        self.letters: list[tuple[EventTarget, Mapping[str, str]]] = []

    async def deliver(
        self, target: EventTarget, payload: str, attributes: Mapping[str, str]
    ) -> None:
        if self.failing and not target.arn.endswith(":letters"):
            self.failing -= 1
            raise self.problem
        self.got.append((target.arn, payload))
        self.letters += [(target, attributes)] if attributes else []


def bus(targets: Targets, *rules: EventRule) -> EventBus:
    found = EventBus(
        targets.deliver, lambda: 1200.0, (0.0, 0.0),
        lambda rule, name: targets.counted.append((rule.name, name)),
    )  # fmt: skip
    found.follow(rules)
    return found


def rule(**more: Any) -> EventRule:
    target = EventTarget("t", "arn:aws:sns:eu-west-1:1:topic", dead_letters="arn:1:letters")
    settings: dict[str, Any] = {"pattern": '{"source": ["aws.autoscaling"]}'} | more
    name = f"r{len(str(settings))}"
    arn = f"arn:aws:events:eu-west-1:1:rule/{name}"
    return EventRule("r", arn, name, deliveries=(target,), **settings)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_event_reaches_the_targets_of_rules_that_match() -> None:
    targets = Targets()
    found = bus(targets, rule(), rule(pattern='{"source": ["x"]}'), rule(enabled=False))
    found.put(EVENT)
    await settle()

    assert [(arn, json.loads(text)) for arn, text in targets.got] == [
        ("arn:aws:sns:eu-west-1:1:topic", EVENT)
    ]
    await found.stop()


async def test_a_failed_event_is_retried_and_then_goes_to_the_dead_letters() -> None:
    targets = Targets(failing=2)
    found = bus(targets, rule())
    found.put(EVENT)
    await settle()
    assert targets.got[0][0].endswith(":topic")
    targets.failing = 3
    found.put(EVENT)
    await settle()

    assert targets.got[1][0].endswith(":letters")
    assert not found.notes()
    await found.stop()


async def test_an_event_that_the_machine_refuses_goes_to_the_dead_letters() -> None:
    targets = Targets(failing=3, problem=OSError(errno.ENOSPC, "No space left on device"))
    found = bus(targets, rule())
    found.put(EVENT)
    await settle()
    assert targets.got[0][0].endswith(":letters")
    await found.stop()


@pytest.mark.parametrize(
    ("problem", "code", "tries"),
    [
        (AwsServiceError("AccessDeniedException", "no"), "NO_PERMISSIONS", 1),
        (AwsServiceError("ClusterNotFoundException", "no"), "NO_RESOURCE", 1),
        (AwsServiceError("QueueDoesNotExist", "no"), "NO_RESOURCE", 1),
        (AwsServiceError("InvalidParameterException", "no"), "INVALID_PARAMETER", 1),
        (AwsServiceError("ThrottlingException", "no"), "THROTTLING", 3),
        (AwsServiceError("ServerException", "no", 500), "ERROR_FROM_TARGET", 3),
        (OSError(errno.ENOSPC, "no"), "INTERNAL_ERROR", 3),
    ],
)
async def test_only_what_may_change_is_tried_again(
    problem: Exception, code: str, tries: int
) -> None:
    """A rule's dead letter comes from EventBridge itself and says why."""
    targets = Targets(failing=9, problem=problem)
    first = rule()
    [target] = first.deliveries
    found = bus(targets, replace(first, deliveries=(replace(target, role_arn="role"),)))
    found.put(EVENT)
    await settle()
    assert 9 - targets.failing == tries
    [(queue, attributes)] = targets.letters
    assert (queue.arn, queue.role_arn, queue.rule_arn) == ("arn:1:letters", "", first.arn)
    assert json.loads(targets.got[0][1]) == EVENT
    assert attributes["RULE_ARN"] == first.arn
    assert attributes["TARGET_ARN"] == target.arn
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == (code, str(tries - 1))
    assert ("EXHAUSTED_RETRY_CONDITION" in attributes) is (tries > 1)
    counted = ["Invocations", "InvocationsSentToDlq"]
    assert targets.counted == [(first.name, name) for name in counted]
    await found.stop()


@pytest.mark.parametrize(
    ("kind", "letters", "counted"),
    [
        ("rule", "", ["Invocations", "FailedInvocations"]),
        ("rule", "arn:lost",
         ["Invocations", "FailedInvocations", "InvocationsFailedToBeSentToDlq"]),
        ("schedule", "", ["InvocationAttemptCount", "TargetErrorCount", "InvocationDroppedCount"]),
        ("schedule", "arn:1:letters",
         ["InvocationAttemptCount", "TargetErrorCount", "InvocationsSentToDeadLetterCount"]),
    ],
)  # fmt: skip
async def test_what_failed_is_counted(kind: str, letters: str, counted: list[str]) -> None:
    targets = Targets(failing=9, problem=AwsServiceError("NotFound", "no such thing"))
    target = EventTarget("t", "arn:t", "role", "{}", dead_letters=letters)
    arn = f"arn:aws:{'events' if kind == 'rule' else 'scheduler'}:eu-west-1:1:x/n"
    found = bus(targets, rule(pattern="", schedule="rate(1 minute)"))
    found.follow([EventRule("", arn, "n", schedule="rate(1 minute)", deliveries=(target,))])
    found.minute(1260.0)
    await settle()
    assert [name for _, name in targets.counted] == counted
    assert bool(found.notes()) is (letters != "arn:1:letters")
    for queue, attributes in targets.letters:  # a schedule's own role sends its input
        assert (queue.role_arn, targets.got) == ("role", [("arn:1:letters", "{}")])
        assert (attributes["SCHEDULE_ARN"], attributes["ERROR_CODE"]) == (arn, "NotFound")
    await found.stop()


async def test_a_schedule_calls_its_target() -> None:
    targets = Targets()
    found = bus(targets, rule(pattern="", schedule="rate(1 minute)"))
    found.minute(1200.0)
    found.minute(1260.0)
    await settle()

    (event,) = [json.loads(text) for _, text in targets.got]
    assert (event["detail-type"], event["source"]) == ("Scheduled Event", "aws.events")
    await found.stop()


@pytest.mark.parametrize(
    ("later", "minutes"), [(1200.0, ["20"]), (1310.0, ["20", "21"]), (91_210.0, ["20"])]
)
async def test_each_minute_comes_once_on_a_busy_machine_late(
    later: float, minutes: list[str]
) -> None:
    """After a long sleep of the machine, only the minute of its end does."""
    targets, now = Targets(), [1199.99]
    found = EventBus(targets.deliver, lambda: now[0])
    found.follow([rule(pattern="", schedule="rate(1 minute)")])
    found.start()
    await asyncio.sleep(0)
    now[0] = later
    async with asyncio.timeout(60):
        while len(targets.got) < len(minutes):
            await asyncio.sleep(0.01)
    await settle()
    assert [json.loads(text)["time"][14:16] for _, text in targets.got] == minutes
    await found.stop()


@pytest.mark.parametrize(
    ("this", "minutes"),
    [
        (6_000.0, ()), (6_060.0, (6_060.0,)), (6_120.0, (6_060.0, 6_120.0)),
        (5_940.0, ()), (5_400.0, ()), (5_340.0, (5_340.0,)), (6_660.0, (6_660.0,)),
    ],
)  # fmt: skip
def test_no_minute_comes_twice_when_the_clock_is_corrected(
    this: float, minutes: tuple[float, ...]
) -> None:
    assert minutes_since(6_000.0, this) == minutes


async def test_a_rate_goes_on_when_the_clock_is_set_back() -> None:
    """It counts from its beginning, and that lies in the future now."""
    times = chain([90_059.99] * 3, [3_719.99] * 2, repeat(3_720.0))
    targets = Targets()
    found = EventBus(targets.deliver, lambda: next(times))
    found.follow([rule(pattern="", schedule="rate(1 minute)")])
    found.start()
    async with asyncio.timeout(60):
        while not targets.got:
            await asyncio.sleep(0.01)
    assert json.loads(targets.got[0][1])["time"][11:16] == "01:02"
    await found.stop()


async def test_a_rule_that_eventbridge_refuses_is_reported() -> None:
    found = bus(Targets(), rule(pattern='{"a": "b"}'))

    assert "must be an object or an array" in found.notes()[0]
    await found.stop()
