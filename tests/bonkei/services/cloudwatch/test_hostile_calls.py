"""Calls that a program may send by mistake or on purpose: refused, and nothing else suffers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.blueprint.sns import EventTarget
from bonkei.services.eventbridge.api import eventbridge
from bonkei.services.eventbridge.bus import EventBus
from tests.bonkei.services.cloudwatch.test_service import ALARM, CALLER, Client, T

EVER = {"StartTime": datetime(1, 1, 1, tzinfo=UTC), "EndTime": datetime(9999, 12, 31, tzinfo=UTC)}
METRIC = {"Namespace": "Own", "MetricName": "Latency"}
SECONDS = {"Id": "m", "MetricStat": {"Metric": METRIC, "Period": 1, "Stat": "Sum"}}


async def refused(client: Client, operation: str, **parameters: Any) -> str:
    with pytest.raises(AwsServiceError) as caught:
        await client.call(operation, **parameters)
    return caught.value.code


@pytest.mark.parametrize("queries", [[SECONDS], []])
async def test_each_second_of_ten_thousand_years_takes_no_memory(
    queries: list[dict[str, Any]],
) -> None:
    client = Client()
    wanted = {"MetricDataQueries": queries, **EVER}
    assert await refused(client, "GetMetricData", **wanted) == "InvalidParameterValue"
    asked = {**METRIC, **EVER, "Period": 1, "Statistics": ["Sum"]}
    code = await refused(client, "GetMetricStatistics", **asked)
    assert code == "InvalidParameterCombination"


@pytest.mark.parametrize("token", ["x", "-1", "9" * 400, "٣"])
async def test_an_invented_token_is_refused(token: str) -> None:
    async def nothing(_target: EventTarget, _payload: str, *_: object) -> None: ...

    client = Client()
    assert await refused(client, "DescribeAlarms", NextToken=token) == "InvalidNextToken"
    assert await refused(client, "DescribeAlarmHistory", NextToken=token) == "InvalidNextToken"
    assert await refused(client, "ListMetrics", NextToken=token) == "InvalidParameterValue"
    call = AwsCall("events", "ListRules", {"NextToken": token}, CALLER, "eu-west-1", T)
    with pytest.raises(AwsServiceError) as caught:
        await eventbridge(EventBus(nothing)).answer(call)
    assert caught.value.code == "ValidationException"


@pytest.mark.parametrize(
    "rule", ["(" * 2_000 + "TRUE" + ")" * 2_000, "NOT " * 900 + "TRUE", "(" * 5_000]
)
async def test_a_rule_that_is_nested_without_an_end_is_refused(rule: str) -> None:
    """One that could just be read could not be evaluated later, with all other alarms."""
    code = await refused(Client(), "PutCompositeAlarm", AlarmName="deep", AlarmRule=rule)
    assert code == "ValidationError"


async def test_brackets_without_an_end_are_refused() -> None:
    async def nothing(_target: EventTarget, _payload: str, *_: object) -> None: ...

    deep = "[" * 100_000
    for pattern, event, code in (
        (deep, "{}", "InvalidEventPatternException"),
        ('{"a": [1]}', deep, "ValidationException"),
    ):
        given = {"EventPattern": pattern, "Event": event}
        call = AwsCall("events", "TestEventPattern", given, CALLER, "eu-west-1", T)
        with pytest.raises(AwsServiceError) as caught:
            await eventbridge(EventBus(nothing)).answer(call)
        assert caught.value.code == code


@pytest.mark.parametrize("name", ["ComparisonOperator", "EvaluationPeriods"])
async def test_an_alarm_without_what_it_compares_is_refused(name: str) -> None:
    given = {key: value for key, value in ALARM.items() if key != name}
    assert await refused(Client(), "PutMetricAlarm", **given) == "MissingParameter"


async def test_an_expression_without_a_metric_does_not_look_back_for_centuries() -> None:
    """Each evaluation would make the time of each period, and a restart would not end it."""
    time = {"Id": "e", "Expression": "TIME_SERIES(1)"}
    compared = {"Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    given = {"AlarmName": "time", "Metrics": [time], "EvaluationPeriods": 10**8, **compared}
    assert await refused(Client(), "PutMetricAlarm", **given) == "ValidationError"
    await Client().call("PutMetricAlarm", **given | {"EvaluationPeriods": 1440})


async def test_half_a_surrogate_pair_costs_no_entry() -> None:
    """JSON can say it, and UTF-8 cannot."""

    async def nothing(_target: EventTarget, _payload: str, *_: object) -> None: ...

    entry = {"Source": "own", "DetailType": "Tried", "Detail": '{"a": "before"}'}
    cut = {**entry, "Detail": '{"a": "\ud83d"}', "Resources": ["\udc00"]}
    call = AwsCall("events", "PutEvents", {"Entries": [entry, cut]}, CALLER, "eu-west-1", T)
    answer = await eventbridge(EventBus(nothing)).answer(call)
    assert answer["FailedEntryCount"] == 0
