"""CloudWatch and EventBridge through boto3 and the endpoint."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bonkei.base.events import Bus
from bonkei.blueprint.sns import EventTarget
from bonkei.services.cloudwatch.api import cloudwatch
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around
from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.endpoint import Endpoint
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.eventbridge.api import eventbridge, scheduler
from bonkei.services.eventbridge.bus import EventBus


class Nothing:
    async def close(self) -> None: ...


@dataclass
class Aws:
    cloudwatch: Any
    events: Any
    scheduler: Any
    tick: Any


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def on_loop(made: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(made, loop).result(60)

    async def act(_arn: str, _subject: str, _message: str) -> None: ...

    async def deliver(_target: EventTarget, _payload: str, *_: object) -> None: ...

    async def make() -> tuple[Monitor, EventBus]:
        around = Around(lambda _now, _step: (), act, lambda _event: None)
        return Monitor(None, Bus(), around), EventBus(deliver)

    async def end() -> None:
        await endpoint.stop()
        await monitor.stop()
        await bus.stop()

    async def tick(now: float) -> None:
        monitor.tick(now)

    monitor, bus = on_loop(make())
    folder = tmp_path_factory.mktemp("calls")
    issuer = Issuer(b"k" * 32, "123456789012")
    services = {
        "cloudwatch": cloudwatch(monitor),
        "events": eventbridge(bus),
        "scheduler": scheduler(bus),
    }
    endpoint = Endpoint(
        issuer,
        Answering(services, report=print),
        Nothing(),  # type: ignore[arg-type]
        CallLog(folder / "calls.jsonl"),
        Authorizer("off", Ledger(folder)),
    )
    on_loop(endpoint.start(0))
    person = issuer.person()

    def client(name: str) -> Any:
        return boto3.client(
            name,
            endpoint_url=endpoint.url,
            region_name="eu-west-1",
            aws_access_key_id=person.access_key,
            aws_secret_access_key=person.secret_key,
            config=Config(retries={"max_attempts": 1}),
        )

    yield Aws(
        client("cloudwatch"), client("events"), client("scheduler"), lambda now: on_loop(tick(now))
    )
    on_loop(end())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_metric_and_its_alarm(aws: Aws) -> None:
    named = {"Namespace": "Own", "MetricName": "Latency"}
    aws.cloudwatch.put_metric_alarm(
        AlarmName="slow",
        **named,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    now = datetime.now(UTC)  # the same for all: a minute may end here
    minute_ago = now - timedelta(seconds=60)
    datum = {"MetricName": "Latency", "Timestamp": minute_ago, "Value": 9.0, "Unit": "Seconds"}
    aws.cloudwatch.put_metric_data(Namespace="Own", MetricData=[datum])
    aws.tick(now.timestamp())
    (alarm,) = aws.cloudwatch.describe_alarms()["MetricAlarms"]
    found = aws.cloudwatch.get_metric_data(
        StartTime=minute_ago - timedelta(minutes=2),
        EndTime=now,
        MetricDataQueries=[
            {"Id": "m", "MetricStat": {"Metric": named, "Period": 60, "Stat": "Sum"}},
            {"Id": "e", "Expression": "m * 2"},
        ],
    )
    (point,) = aws.cloudwatch.get_metric_statistics(
        **named,
        StartTime=minute_ago - timedelta(minutes=2),
        EndTime=now,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]

    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 5.0)
    assert alarm["StateUpdatedTimestamp"].tzinfo is not None
    assert [one["Values"] for one in found["MetricDataResults"]] == [[9.0], [18.0]]
    assert (point["Sum"], point["Unit"]) == (9.0, "Seconds")
    assert [one["MetricName"] for one in aws.cloudwatch.list_metrics()["Metrics"]] == ["Latency"]
    kinds = aws.cloudwatch.describe_alarm_history(AlarmName="slow")["AlarmHistoryItems"]
    assert [one["HistoryItemType"] for one in kinds] == ["StateUpdate", "ConfigurationUpdate"]


def test_errors_have_the_codes_of_the_model(aws: Aws) -> None:
    with pytest.raises(aws.cloudwatch.exceptions.ResourceNotFound):
        aws.cloudwatch.set_alarm_state(AlarmName="x", StateValue="OK", StateReason="a test")
    with pytest.raises(ClientError, match="PutAnomalyDetector"):
        aws.cloudwatch.put_anomaly_detector(
            SingleMetricAnomalyDetector={"Namespace": "a", "MetricName": "b", "Stat": "Sum"}
        )


def test_events(aws: Aws) -> None:
    entry = {"Source": "own", "DetailType": "Tried", "Detail": json.dumps({"a": 1})}
    answer = aws.events.put_events(Entries=[entry, entry | {"Detail": "{"}])

    assert answer["FailedEntryCount"] == 1
    assert len(answer["Entries"][0]["EventId"]) == 36
    with pytest.raises(aws.events.exceptions.ResourceNotFoundException):
        aws.events.describe_rule(Name="nobody")


def test_rules_and_schedules_are_created(aws: Aws) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:t"
    aws.events.put_rule(Name="own", EventPattern='{"source": ["own"]}')
    answer = aws.events.put_targets(Rule="own", Targets=[{"Id": "1", "Arn": topic}])
    aws.scheduler.create_schedule(
        Name="night",
        ScheduleExpression="cron(0 3 * * ? *)",
        ScheduleExpressionTimezone="Asia/Tokyo",
        StartDate=datetime(2027, 1, 1, tzinfo=UTC),
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": topic, "RoleArn": "arn:aws:iam::123456789012:role/r"},
    )
    found = aws.scheduler.get_schedule(Name="night")

    assert answer["FailedEntryCount"] == 0
    assert aws.events.list_targets_by_rule(Rule="own")["Targets"] == [{"Id": "1", "Arn": topic}]
    assert (found["ScheduleExpressionTimezone"], found["State"]) == ("Asia/Tokyo", "ENABLED")
    assert found["StartDate"] == datetime(2027, 1, 1, tzinfo=UTC)
    with pytest.raises(ClientError, match="ConflictException"):
        aws.scheduler.create_schedule(
            Name="night",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": topic, "RoleArn": "arn:aws:iam::123456789012:role/r"},
        )
