"""CloudWatch's API, after the documentation of each operation."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.sns import EventRule, EventTarget
from bonkei.services.cloudwatch.alarm.book import HistoryItem
from bonkei.services.cloudwatch.api import cloudwatch
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around
from bonkei.services.eventbridge.api import eventbridge
from bonkei.services.eventbridge.bus import EventBus

T = 1_800_000_000.0
CALLER = Caller("arn:aws:iam::123456789012:user/me", "AIDA", "123456789012")


class Client:
    def __init__(self, directory: Path | None = None) -> None:
        async def act(_arn: str, _subject: str, _message: str) -> None: ...

        self.monitor = Monitor(
            directory, Bus(), Around(lambda _n, _s: (), act, lambda _event: None, lambda: T)
        )
        self._service = cloudwatch(self.monitor)

    async def call(self, operation: str, **parameters: Any) -> Any:
        call = AwsCall("cloudwatch", operation, parameters, CALLER, "eu-west-1", T)
        return await self._service.answer(call)


@pytest.fixture
def client() -> Client:
    return Client()


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(T + seconds, UTC)


DIMENSIONS = [{"Name": "Path", "Value": "/"}]
ALARM = {
    "AlarmName": "slow",
    "MetricName": "Latency",
    "Namespace": "Own",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


async def put(client: Client, **more: Any) -> None:
    datum = {"MetricName": "Latency", "Dimensions": DIMENSIONS, "Timestamp": at(-30)} | more
    await client.call("PutMetricData", Namespace="Own", MetricData=[datum])


async def test_stored_values_are_returned(client: Client) -> None:
    await put(client, Values=[1.0, 9.0], Counts=[9.0, 1.0], Unit="Milliseconds")
    await put(client, Value=4.0, Timestamp=at(-90), Unit="Milliseconds")

    answer = await client.call(
        "GetMetricStatistics",
        Namespace="Own",
        MetricName="Latency",
        Dimensions=DIMENSIONS,
        StartTime=at(-120),
        EndTime=at(0),
        Period=60,
        Statistics=["Sum", "SampleCount"],
        ExtendedStatistics=["p95"],
    )

    assert [(p["Sum"], p["SampleCount"], p["Unit"]) for p in answer["Datapoints"]] == [
        (4.0, 1.0, "Milliseconds"),
        (18.0, 10.0, "Milliseconds"),
    ]
    assert answer["Datapoints"][1]["ExtendedStatistics"]["p95"] == pytest.approx(5.4)


async def test_metric_math_over_the_api(client: Client) -> None:
    await put(client, StatisticValues={"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4})
    named = {"Namespace": "Own", "MetricName": "Latency", "Dimensions": DIMENSIONS}
    answer = await client.call(
        "GetMetricData",
        StartTime=at(-120),
        EndTime=at(0),
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {"Metric": named, "Period": 60, "Stat": "Average"},
                "ReturnData": False,
            },
            {"Id": "e", "Expression": "FILL(m, 0) * 2", "Label": "twice"},
        ],
    )

    (found,) = answer["MetricDataResults"]
    assert (found["Id"], found["Label"], found["Values"]) == ("e", "twice", [5.0, 0.0])
    assert found["Timestamps"] == [T - 60, T - 120]


def of_metric(name: str, period: int) -> dict[str, Any]:
    metric = {"Namespace": "Own", "MetricName": "Latency", "Dimensions": DIMENSIONS}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}


async def test_each_query_has_its_own_period_from_the_minute_of_the_start(client: Client) -> None:
    for minute in range(1, 8):
        await put(client, Value=1.0, Timestamp=at(-60 * minute))
    answer = await client.call(
        "GetMetricData",
        StartTime=at(-410),  # seven minutes ago, less ten seconds
        EndTime=at(0),
        ScanBy="TimestampAscending",
        MetricDataQueries=[
            of_metric("short", 60),
            of_metric("long", 300),
            {"Id": "twice", "Expression": "short * 2"},
            {"Id": "mixed", "Expression": "short + long"},
            {"Id": "every", "Expression": "SUM(METRICS())", "Period": 60},
        ],
    )
    found = {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}
    assert found == {
        "short": [1.0] * 7, "long": [5.0, 2.0], "twice": [2.0] * 7, "mixed": [10.0, 4.0],
        "every": [2.0] * 7,
    }  # fmt: skip
    [long] = [each for each in answer["MetricDataResults"] if each["Id"] == "long"]
    assert long["Timestamps"] == [T - 420, T - 120]


@pytest.mark.parametrize(
    ("queries", "labels"),
    [
        ([("Latency", "Sum", 60)], ["Latency"]),
        ([("Latency", "Sum", 60), ("Errors", "Sum", 60)], ["Latency", "Errors"]),
        (
            [("Latency", "Sum", 60), ("Latency", "Minimum", 60)],
            ["Latency Sum", "Latency Minimum"],
        ),
        ([("Latency", "Sum", 60), ("Latency", "Sum", 30)], ["Latency 60", "Latency 30"]),
        (
            [("Latency", "Sum", 60), ("Latency", "Minimum", 30)],
            ["Latency Sum 60", "Latency Minimum 30"],
        ),
    ],
)
async def test_labels_tell_the_results_apart(
    client: Client, queries: list[tuple[str, str, int]], labels: list[str]
) -> None:
    asked = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {"Namespace": "Own", "MetricName": name}, "Stat": stat, "Period": period,
            },
        }
        for number, (name, stat, period) in enumerate(queries)
    ]  # fmt: skip
    answer = await client.call(
        "GetMetricData", StartTime=at(-120), EndTime=at(0), MetricDataQueries=asked
    )
    assert [one["Label"] for one in answer["MetricDataResults"]] == labels


async def test_data_has_a_possible_period_and_time_and_the_unit(client: Client) -> None:
    await put(client, Value=1.0, Unit="Seconds")
    asked = {
        "Namespace": "Own", "MetricName": "Latency", "Dimensions": DIMENSIONS,
        "StartTime": at(-60), "EndTime": at(0), "Period": 60, "Statistics": ["Sum"],
    }  # fmt: skip
    for unit, points in (("Seconds", 1), ("Count", 0)):
        answer = await client.call("GetMetricStatistics", **asked, Unit=unit)
        assert len(answer["Datapoints"]) == points
    with pytest.raises(AwsServiceError, match="90 for parameter Period"):
        await client.call("GetMetricStatistics", **asked | {"Period": 90})
    for queries, end in (([of_metric("m", 90)], 0), ([of_metric("m", 60)], -60)):
        with pytest.raises(AwsServiceError, match=r"Period is invalid|must be less than"):
            await client.call(
                "GetMetricData", StartTime=at(-60), EndTime=at(end), MetricDataQueries=queries
            )
    with pytest.raises(AwsServiceError, match="size greater than 1000"):
        await client.call(
            "PutMetricData", Namespace="Own", MetricData=[{"MetricName": "m", "Value": 1.0}] * 1001
        )


SEVERAL = [("Milliseconds", 60_000.0), ("Seconds", 60.0), ("Count", 5.0), ("Count", 2.0)]


@pytest.mark.parametrize(
    ("data", "unit", "values", "units"),
    [
        (SEVERAL[:2], "", [60_000.0], "Milliseconds, Seconds"),
        (SEVERAL, "", [7.0], "Count, Milliseconds, Seconds"),
        (SEVERAL, "Seconds", [60.0], ""),
        (SEVERAL, "Percent", [], ""),
        (SEVERAL[1:2], "", [60.0], ""),
    ],
)
async def test_units_are_never_added_up(
    client: Client, data: list[tuple[str, float]], unit: str, values: list[float], units: str
) -> None:
    """What AWS answered to the same calls: the first of its units, and a message."""
    for one, value in data:
        await put(client, Value=value, Unit=one)
    query = of_metric("m", 60)
    query["MetricStat"] |= {"Unit": unit} if unit else {}
    answer = await client.call(
        "GetMetricData", StartTime=at(-60), EndTime=at(0), MetricDataQueries=[query]
    )
    (found,) = answer["MetricDataResults"]
    text = f"Multiple units returned: '[{units}]'"
    said = [{"Code": "MultipleUnits", "Value": text}] if units else None
    assert (found["Values"], found.get("Messages")) == (values, said)


async def test_statistics_are_grouped_by_unit(client: Client) -> None:
    for unit, value in SEVERAL:
        await put(client, Value=value, Unit=unit)
    answer = await client.call(
        "GetMetricStatistics", Namespace="Own", MetricName="Latency", Dimensions=DIMENSIONS,
        StartTime=at(-60), EndTime=at(0), Period=60, Statistics=["Sum"],
    )  # fmt: skip
    found = {point["Unit"]: point["Sum"] for point in answer["Datapoints"]}
    assert found == {"Milliseconds": 60_000.0, "Seconds": 60.0, "Count": 7.0}


async def test_a_day_of_minutes_is_1440_points_wherever_it_begins(tmp_path: Path) -> None:
    client = Client(tmp_path)
    for minute in range(1441):
        await put(client, Value=1.0, Timestamp=at(-60 * minute))
    asked = {
        "Namespace": "Own", "MetricName": "Latency", "Dimensions": DIMENSIONS, "Period": 60,
        "EndTime": at(31), "Statistics": ["Sum"],
    }  # fmt: skip
    answer = await client.call("GetMetricStatistics", **asked, StartTime=at(31 - 86_400))
    assert len(answer["Datapoints"]) == 1440
    with pytest.raises(AwsServiceError, match="up to 1441 datapoints, which exceeds"):
        await client.call("GetMetricStatistics", **asked, StartTime=at(30 - 86_400))


async def test_data_comes_in_pages(client: Client) -> None:
    for minute in range(1, 26):
        await put(client, Value=float(minute), Timestamp=at(-60 * minute))
    empty = of_metric("empty", 60)
    empty["MetricStat"] |= {"Unit": "Bits"}
    asked = {
        "StartTime": at(-1500), "EndTime": at(0), "MaxDatapoints": 20,
        "MetricDataQueries": [empty, of_metric("one", 60), of_metric("two", 60)],
    }  # fmt: skip
    pages: list[list[tuple[str, int, str]]] = []
    values: list[float] = []
    more: dict[str, Any] = {}
    while True:
        answer = await client.call("GetMetricData", **asked, **more)
        results = answer["MetricDataResults"]
        pages.append([(one["Id"], len(one["Values"]), one["StatusCode"]) for one in results])
        values += [value for one in results for value in one["Values"]]
        if not answer["NextToken"]:
            break
        more = {"NextToken": answer["NextToken"]}
    assert pages == [
        [("empty", 0, "Complete"), ("one", 20, "PartialData")],
        [("one", 5, "Complete"), ("two", 15, "PartialData")],
        [("two", 10, "Complete")],
    ]
    assert values == [float(minute) for minute in range(1, 26)] * 2


async def test_metrics_are_listed(client: Client) -> None:
    await put(client, Value=1.0)
    listed = {"Namespace": "Own", "MetricName": "Latency", "Dimensions": DIMENSIONS}

    assert (await client.call("ListMetrics"))["Metrics"] == [listed]
    assert (await client.call("ListMetrics", Dimensions=[{"Name": "Path"}]))["Metrics"]
    assert not (await client.call("ListMetrics", Namespace="Other"))["Metrics"]


@pytest.mark.parametrize(
    ("datum", "code"),
    [
        ({}, "MissingParameter"),
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": at(-15 * 86400)}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": at(3 * 3600)}, "InvalidParameterValue"),
        ({"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterValue"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
        ({"Value": 1.0, "StatisticValues": {"SampleCount": 1}}, "InvalidParameterCombination"),
        ({"Value": 1.0, "Unit": "count"}, "InvalidParameterValue"),
    ],
)
async def test_invalid_data(client: Client, datum: dict[str, Any], code: str) -> None:
    with pytest.raises(AwsServiceError) as caught:
        await put(client, **datum)

    assert caught.value.code == code
    assert not client.monitor.store.metrics()


async def test_programs_cannot_write_to_the_namespaces_of_aws(client: Client) -> None:
    with pytest.raises(AwsServiceError, match="AWS/"):
        await client.call("PutMetricData", Namespace="AWS/ECS", MetricData=[])


async def test_an_alarm_over_the_api(client: Client) -> None:
    await client.call("PutMetricAlarm", **ALARM, AlarmActions=["arn:aws:sns:eu-west-1:1:a"])
    await put(client, Value=9.0, Dimensions=[])
    client.monitor.tick(T)
    (found,) = (await client.call("DescribeAlarms"))["MetricAlarms"]

    assert found["AlarmArn"] == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:slow"
    assert found["StateValue"] == "ALARM"
    assert (await client.call("DescribeAlarms", StateValue="OK"))["MetricAlarms"] == []
    named = {"Namespace": "Own", "MetricName": "Latency"}
    assert (await client.call("DescribeAlarmsForMetric", **named))["MetricAlarms"] == [found]
    items = (await client.call("DescribeAlarmHistory", AlarmName="slow"))["AlarmHistoryItems"]
    assert items[0]["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    await client.call("PutMetricAlarm", **ALARM | {"Unit": "Bits"})
    assert (await client.call("DescribeAlarms"))["MetricAlarms"][0]["Unit"] == "Bits"
    await client.call("DeleteAlarms", AlarmNames=["slow", "nobody"])
    nothing = {"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": [], "NextToken": None}
    assert await client.call("DescribeAlarms") == nothing


@pytest.mark.parametrize("given", [{}, {"DatapointsToAlarm": 1}, {"TreatMissingData": "missing"}])
async def test_an_alarm_shows_the_settings_that_it_was_given(
    client: Client, given: dict[str, Any]
) -> None:
    await client.call("PutMetricAlarm", **ALARM, **given)
    await put(client, Values=[8.0, 10.0], Dimensions=[])
    client.monitor.tick(T)
    (found,) = (await client.call("DescribeAlarms"))["MetricAlarms"]
    optional = ("DatapointsToAlarm", "TreatMissingData")

    assert {name: found[name] for name in optional if name in found} == given
    if "DatapointsToAlarm" in given:
        assert "1 out of the last 1 datapoint [9.0 (" in found["StateReason"]
    else:
        start = "Threshold Crossed: 1 datapoint [9.0 (15/01/27 07:59:00)] was greater than"
        assert found["StateReason"] == f"{start} the threshold (5.0)."
    (item, _) = (await client.call("DescribeAlarmHistory"))["AlarmHistoryItems"]
    state = json.loads(item["HistoryData"])["newState"]
    (point,) = state["stateReasonData"]["evaluatedDatapoints"]
    assert item["AlarmType"] == "MetricAlarm"
    assert (point["sampleCount"], point["value"]) == (2.0, 9.0)


async def test_missing_points_are_in_the_data_of_a_reason(client: Client) -> None:
    await client.call(
        "PutMetricAlarm", **ALARM | {"EvaluationPeriods": 2, "TreatMissingData": "breaching"}
    )
    client.monitor.engine.began = 0.0
    client.monitor.tick(T)
    (found,) = (await client.call("DescribeAlarms"))["MetricAlarms"]

    points = json.loads(found["StateReasonData"])["evaluatedDatapoints"]
    assert [list(point) for point in points] == [["timestamp"], ["timestamp"]]


async def test_a_composite_alarm_over_the_api(client: Client) -> None:
    await client.call("PutMetricAlarm", **ALARM)
    await client.call("PutCompositeAlarm", AlarmName="any", AlarmRule="ALARM(slow)")
    state = {"StateReason": "a test", "StateValue": "ALARM"}
    await client.call("SetAlarmState", AlarmName="slow", **state)
    described = await client.call("DescribeAlarms", AlarmTypes=["CompositeAlarm"])

    assert [one["StateValue"] for one in described["CompositeAlarms"]] == ["ALARM"]
    (why,) = json.loads(described["CompositeAlarms"][0]["StateReasonData"])["triggeringAlarms"]
    assert (why["arn"].rpartition(":")[2], why["state"]["value"]) == ("slow", "ALARM")
    assert described["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("operation", "settings"),
    [("PutMetricAlarm", ALARM), ("PutCompositeAlarm", {"AlarmName": "slow", "AlarmRule": "TRUE"})],
)
async def test_the_tags_of_an_alarm(
    tmp_path: Path, operation: str, settings: dict[str, Any]
) -> None:
    client = Client(tmp_path)
    arn = {"ResourceARN": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:slow"}
    first = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    await client.call(operation, **settings, Tags=first)
    await client.call("TagResource", **arn, Tags=[{"Key": "c", "Value": "3"}])
    await client.call("UntagResource", **arn, TagKeys=["a"])
    await client.call(operation, **settings, Tags=first)  # which does not change them
    client.monitor.close()
    again = Client(tmp_path)
    left = [{"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}]
    assert (await again.call("ListTagsForResource", **arn))["Tags"] == left
    await again.call("DeleteAlarms", AlarmNames=["slow"])
    assert (await again.call("ListTagsForResource", **arn))["Tags"] == []
    with pytest.raises(AwsServiceError, match="ResourceNotFoundException"):
        await again.call("TagResource", **arn, Tags=first)
    again.monitor.close()


async def test_the_relatives_of_an_alarm(client: Client) -> None:
    for name in ("slow", "fast", "alone"):
        await client.call("PutMetricAlarm", **{**ALARM, "AlarmName": name})
    await client.call("PutCompositeAlarm", AlarmName="any", AlarmRule="ALARM(slow) OR ALARM(fast)")
    await client.call("PutCompositeAlarm", AlarmName="all", AlarmRule="ALARM(any) AND OK(fast)")

    async def names(**asked: Any) -> list[str]:
        answer = await client.call("DescribeAlarms", **asked)
        found = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        assert {len(one) for one in found} <= {2, 4}  # AWS shows only these members of a relative
        return [one["AlarmName"] for one in found]

    assert await names(ChildrenOfAlarmName="any") == ["fast", "slow"]
    assert await names(ChildrenOfAlarmName="all") == ["fast", "any"]
    assert await names(ParentsOfAlarmName="fast") == ["all", "any"]
    assert await names(ParentsOfAlarmName="alone") == await names(ChildrenOfAlarmName="x") == []
    with pytest.raises(AwsServiceError, match="together with StateValue"):
        await names(ParentsOfAlarmName="fast", StateValue="OK")


async def test_the_history_has_only_the_kinds_of_alarms_that_are_asked_for(client: Client) -> None:
    await client.call("PutMetricAlarm", **ALARM)
    for name in ("all", "any"):
        await client.call("PutCompositeAlarm", AlarmName=name, AlarmRule="ALARM(slow)")
    await client.call("PutMetricAlarm", **{**ALARM, "AlarmName": "gone"})
    await client.call("DeleteAlarms", AlarmNames=["gone"])

    async def asked(**given: Any) -> list[tuple[str, str]]:
        answer = await client.call("DescribeAlarmHistory", **given)
        found = {(one["AlarmName"], one["AlarmType"]) for one in answer["AlarmHistoryItems"]}
        return sorted(found)

    metric = [("gone", "MetricAlarm"), ("slow", "MetricAlarm")]
    composite = [("all", "CompositeAlarm"), ("any", "CompositeAlarm")]
    both = ["CompositeAlarm", "MetricAlarm"]
    assert await asked() == await asked(AlarmTypes=["MetricAlarm"]) == metric
    assert await asked(AlarmTypes=["CompositeAlarm"]) == composite
    assert await asked(AlarmTypes=["CompositeAlarm"], MaxRecords=1) == composite[1:]
    assert await asked(AlarmTypes=both) == sorted(metric + composite)
    assert await asked(AlarmTypes=["LogAlarm"]) == await asked(AlarmName="all") == []


async def test_the_alarms_of_a_metric_are_chosen_by_statistic_and_period(client: Client) -> None:
    await client.call("PutMetricAlarm", **ALARM)
    for more, count in (
        ({}, 1), ({"Statistic": "Average", "Period": 60}, 1), ({"Statistic": "Sum"}, 0),
        ({"Unit": "Bits"}, 0),
        ({"ExtendedStatistic": "p99"}, 0), ({"Period": 300}, 0),
    ):  # fmt: skip
        asked = {"Namespace": "Own", "MetricName": "Latency", **more}
        found = await client.call("DescribeAlarmsForMetric", **asked)
        assert len(found["MetricAlarms"]) == count


async def test_a_long_history_is_read_to_its_end_in_both_orders(client: Client) -> None:
    await client.call("PutMetricAlarm", **ALARM)
    notes = [HistoryItem("slow", T + at, "Action", str(at)) for at in range(1, 1_051)]
    client.monitor.book.note(*notes[:900])
    client.monitor.book.note(*notes[900:])

    async def read(order: str) -> list[str]:
        found: list[str] = []
        more: dict[str, Any] = {}
        while True:
            answer = await client.call("DescribeAlarmHistory", ScanBy=order, **more)
            found += [item["HistorySummary"] for item in answer["AlarmHistoryItems"]]
            if not answer["NextToken"]:
                return found
            more = {"NextToken": answer["NextToken"]}

    oldest_first = ['Alarm "slow" created', *(str(at) for at in range(1, 1_051))]
    assert await read("TimestampAscending") == oldest_first
    assert await read("TimestampDescending") == oldest_first[::-1]


async def test_actions_are_disabled_and_enabled(client: Client) -> None:
    await client.call("PutMetricAlarm", **ALARM)
    await client.call("DisableAlarmActions", AlarmNames=["slow"])
    assert not (await client.call("DescribeAlarms"))["MetricAlarms"][0]["ActionsEnabled"]
    await client.call("EnableAlarmActions", AlarmNames=["slow"])
    assert (await client.call("DescribeAlarms"))["MetricAlarms"][0]["ActionsEnabled"]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "Anomaly detection"),
        ({"TreatMissingData": "nothing"}, "TreatMissingData"),
        ({"DatapointsToAlarm": 2}, "must not be greater"),
        ({"Period": 61}, "The value 61"),
        ({"Period": 3600, "EvaluationPeriods": 200}, "more than a day"),
        ({"Statistic": "q9"}, "not a statistic"),
    ],
)
async def test_invalid_alarms(client: Client, more: dict[str, Any], problem: str) -> None:
    with pytest.raises(AwsServiceError, match=problem):
        await client.call("PutMetricAlarm", **(ALARM | more))


async def test_the_state_of_a_missing_alarm(client: Client) -> None:
    with pytest.raises(AwsServiceError) as caught:
        await client.call("SetAlarmState", AlarmName="x", StateValue="OK", StateReason="a test")

    assert (caught.value.code, caught.value.status) == ("ResourceNotFound", 404)


async def test_programs_put_events_and_rules_match_them() -> None:
    got: list[str] = []

    async def deliver(_target: EventTarget, payload: str, *_: object) -> None:
        got.append(payload)

    bus = EventBus(deliver)
    target = EventTarget("t", "arn:aws:sns:eu-west-1:1:t")
    rule = EventRule(
        "r",
        "arn:aws:events:eu-west-1:123456789012:rule/r",
        "r",
        '{"source": ["own"]}',
        deliveries=(target,),
    )
    bus.follow([rule])
    service = eventbridge(bus)

    async def call(operation: str, **parameters: Any) -> Any:
        made = AwsCall("events", operation, parameters, CALLER, "eu-west-1", T)
        return await service.answer(made)

    entry = {"Source": "own", "DetailType": "Tried", "Detail": '{"a": 1}'}
    deep = entry | {"Detail": "[" * 100_000}
    wrong = [{"Source": "own"}, entry | {"Detail": "{"}, deep, entry | {"Source": "aws.ecs"}]
    answer = await call("PutEvents", Entries=[entry, *wrong])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await bus.stop()

    assert answer["FailedEntryCount"] == 4
    codes = [one.get("ErrorCode") for one in answer["Entries"]]
    assert codes == [
        None,
        "InvalidArgument",
        "MalformedDetail",
        "MalformedDetail",
        "NotAuthorizedForSourceException",
    ]
    assert json.loads(got[0])["detail"] == {"a": 1}
    large = entry | {"Detail": json.dumps("x" * 600_000)}
    for entries, problem in (([entry] * 11, "between 1 and 10"), ([large] * 2, "over the limit")):
        with pytest.raises(AwsServiceError, match=problem):
            await call("PutEvents", Entries=entries)
    assert (await call("ListRules"))["Rules"][0]["State"] == "ENABLED"
    assert (await call("ListTargetsByRule", Rule="r"))["Targets"][0]["Arn"] == target.arn
    fields = ("id", "account", "source", "time", "region", "detail-type")
    event = dict.fromkeys(fields, "x") | {"detail": {"a": 1}}  # AWS takes it without resources
    tested = {"EventPattern": '{"detail": {"a": [1]}}', "Event": json.dumps(event)}
    assert (await call("TestEventPattern", **tested))["Result"]
    for given in ('{"a": 1}', "[]", json.dumps({n: v for n, v in event.items() if n != "time"})):
        with pytest.raises(AwsServiceError, match=r"Parameter Event is not valid\.$"):
            await call("TestEventPattern", **tested | {"Event": given})
    with pytest.raises(AwsServiceError, match="does not exist"):
        await call("DescribeRule", Name="nobody")


QUERIES = [
    {
        "Id": "m",
        "ReturnData": False,
        "MetricStat": {
            "Metric": {"Namespace": "Own", "MetricName": "Latency", "Dimensions": DIMENSIONS},
            "Period": 60,
            "Stat": "p99",
        },
    },
    {"Id": "e", "Expression": "m * 2"},
]


async def test_alarms_of_calls_survive_a_restart(tmp_path: Path) -> None:
    client = Client(tmp_path)
    await client.call("PutMetricAlarm", **ALARM)
    math = {n: v for n, v in ALARM.items() if n in ("EvaluationPeriods", "Threshold")}
    await client.call(
        "PutMetricAlarm", AlarmName="math", Metrics=QUERIES, **math,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=["arn:aws:sns:eu-west-1:1:t"],
    )  # fmt: skip
    await client.call(
        "PutCompositeAlarm", AlarmName="both", AlarmRule='ALARM("slow") AND ALARM("math")'
    )
    await client.call("PutMetricAlarm", **ALARM | {"AlarmName": "gone"})
    await client.call("DeleteAlarms", AlarmNames=["gone"])
    await client.call("DisableAlarmActions", AlarmNames=["slow"])
    kinds = ["MetricAlarm", "CompositeAlarm"]
    before = await client.call("DescribeAlarms", AlarmTypes=kinds)
    client.monitor.follow(Blueprint(), frozenset())
    await client.monitor.stop()

    again = Client(tmp_path)
    again.monitor.follow(Blueprint(), frozenset())
    assert await again.call("DescribeAlarms", AlarmTypes=kinds) == before
    assert [one["AlarmName"] for one in before["MetricAlarms"]] == ["math", "slow"]
    assert not before["MetricAlarms"][1]["ActionsEnabled"]
    await again.monitor.stop()


async def test_the_definitions_win_over_an_alarm_of_the_same_name(tmp_path: Path) -> None:
    client = Client(tmp_path)
    await client.call("PutMetricAlarm", **ALARM)
    declared = replace(client.monitor.engine.alarm("slow"), address="a.slow", description="ours")
    client.monitor.follow(Blueprint(alarms=(declared,)), frozenset())  # type: ignore[arg-type]
    client.monitor.follow(Blueprint(), frozenset())
    await client.monitor.stop()

    again = Client(tmp_path)
    assert again.monitor.engine.alarms == ()
    await again.monitor.stop()


async def test_a_suppressor_needs_its_periods(client: Client) -> None:
    """PutCompositeAlarm: "WaitPeriod is required only when ActionsSuppressor is specified."."""
    given = {"AlarmName": "c", "AlarmRule": "FALSE", "ActionsSuppressor": "slow"}
    with pytest.raises(AwsServiceError, match="ActionsSuppressorWaitPeriod is required"):
        await client.call("PutCompositeAlarm", **given)
    periods = {"ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 30}
    await client.call("PutCompositeAlarm", **given, **periods)
    answer = await client.call("DescribeAlarms", AlarmTypes=["CompositeAlarm"])
    (found,) = answer["CompositeAlarms"]
    assert {name: found[name] for name in periods} == periods
