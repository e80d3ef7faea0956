"""CloudWatch Logs through boto3 and the endpoint."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bonkei.base.events import Bus
from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.endpoint import Endpoint
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.logs.logs import Logs, LogsSettings


class Nothing:
    async def close(self) -> None: ...


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("home")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    logs = Logs(Bus(), LogsSettings(home / "groups", "123456789012", home), _may, print)
    issuer, passing = Issuer(b"k" * 32, "123456789012"), Nothing()
    endpoint = Endpoint(
        issuer,
        Answering({"logs": logs.service}, report=print),
        passing,  # type: ignore[arg-type]
        CallLog(Path(home) / "calls.jsonl"),
        Authorizer("off", Ledger(home)),
    )
    asyncio.run_coroutine_threadsafe(endpoint.start(0), loop).result(60)
    person = issuer.person()
    client = boto3.client(
        "logs",
        endpoint_url=endpoint.url,
        region_name="eu-west-1",
        aws_access_key_id=person.access_key,
        aws_secret_access_key=person.secret_key,
        config=Config(retries={"max_attempts": 1}, inject_host_prefix=False),
    )
    with pytest.raises(client.exceptions.ServiceUnavailableException):
        client.describe_log_groups()
    loop.call_soon_threadsafe(logs.start)
    yield client
    asyncio.run_coroutine_threadsafe(endpoint.stop(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def _may(_role: str, _action: str, _resource: str) -> str:
    return ""


def test_a_program_writes_and_reads(logs: Any) -> None:
    logs.create_log_group(logGroupName="/app", tags={"team": "web"})
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    now = logs.describe_log_groups()["logGroups"][0]["creationTime"]
    events = [
        {"timestamp": now + at, "message": f'{{"n": {at}, "text": "日本"}}'} for at in range(5)
    ]
    answer = logs.put_log_events(logGroupName="/app", logStreamName="one", logEvents=events)
    assert "rejectedLogEventsInfo" not in answer
    found = logs.get_log_events(logGroupName="/app", logStreamName="one", startFromHead=True)
    assert [event["message"] for event in found["events"]] == [e["message"] for e in events]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/app", filterPattern="{ $.n > 2 }", PaginationConfig={"PageSize": 1}
    )
    matched = [event for page in pages for event in page["events"]]
    assert [event["timestamp"] - now for event in matched] == [3, 4]
    tags = logs.list_tags_for_resource(
        resourceArn=logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
    )
    assert tags["tags"] == {"team": "web"}


def test_half_a_surrogate_pair_costs_no_event(logs: Any) -> None:
    logs.create_log_group(logGroupName="/cut")
    logs.create_log_stream(logGroupName="/cut", logStreamName="one")
    now = logs.describe_log_groups(logGroupNamePrefix="/cut")["logGroups"][0]["creationTime"]
    texts = ["before", "cut \ud83d", "\udc00", "after 🔥"]
    events = [{"timestamp": now, "message": text} for text in texts]
    logs.put_log_events(logGroupName="/cut", logStreamName="one", logEvents=events)
    for answer in (
        logs.get_log_events(logGroupName="/cut", logStreamName="one", startFromHead=True),
        logs.filter_log_events(logGroupName="/cut"),
    ):
        found = [event["message"] for event in answer["events"]]
        assert found == ["before", "cut \ufffd", "\ufffd", "after 🔥"]


def test_tests_a_pattern(logs: Any) -> None:
    answer = logs.test_metric_filter(
        filterPattern="[ip, user, status = 5*]", logEventMessages=["10.0.0.1 me 503", "a b 200"]
    )
    [match] = answer["matches"]
    assert match["eventNumber"] == 1
    assert match["extractedValues"]["$status"] == "503"


def test_errors_have_the_codes_of_the_model(logs: Any) -> None:
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.put_log_events(
            logGroupName="/none", logStreamName="s", logEvents=[{"timestamp": 1, "message": "x"}]
        )
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Invalid filter pattern"):
        logs.filter_log_events(logGroupName="/app", filterPattern="{ $.a = }")


def test_unsupported_operations_are_refused_by_name(logs: Any) -> None:
    with pytest.raises(ClientError, match="CreateExportTask"):
        logs.create_export_task(logGroupName="/app", fromTime=0, to=1, destination="bucket")


def test_a_query_is_started_and_its_rows_are_fetched(logs: Any) -> None:
    logs.create_log_group(logGroupName="/asked")
    logs.create_log_stream(logGroupName="/asked", logStreamName="one")
    now = logs.describe_log_groups(logGroupNamePrefix="/asked")["logGroups"][0]["creationTime"]
    events = [
        {"timestamp": now + at, "message": f'{{"n": {at}, "kind": "{"ab"[at % 2]}"}}'}
        for at in range(5)
    ]
    logs.put_log_events(logGroupName="/asked", logStreamName="one", logEvents=events)
    found = _asked(logs, now, "filter n > 0 | stats count(*) as many by kind | sort kind")
    assert found["status"] == "Complete"
    assert [{each["field"]: each["value"] for each in row} for row in found["results"]] == [
        {"kind": "a", "many": "2"},
        {"kind": "b", "many": "2"},
    ]
    assert found["statistics"]["recordsScanned"] == 5
    assert found["statistics"]["recordsMatched"] == 4
    [row] = _asked(logs, now, "fields n, @log | limit 1")["results"]
    fields = {each["field"]: each["value"] for each in row}
    assert (fields["n"], fields["@log"]) == ("4", "123456789012:/asked")
    record = logs.get_log_record(logRecordPointer=fields["@ptr"])["logRecord"]
    assert (record["n"], record["@logStream"]) == ("4", "one")
    [latest, *_] = logs.describe_queries(logGroupName="/asked")["queries"]
    assert latest["queryString"] == "fields n, @log | limit 1"
    names = {
        each["name"]: each["percent"]
        for each in logs.get_log_group_fields(logGroupName="/asked")["logGroupFields"]
    }
    assert (names["kind"], names["@message"]) == (100, 100)


def test_a_query_that_never_ends_can_be_stopped(logs: Any) -> None:
    logs.create_log_group(logGroupName="/slow")
    logs.create_log_stream(logGroupName="/slow", logStreamName="one")
    now = logs.describe_log_groups(logGroupNamePrefix="/slow")["logGroups"][0]["creationTime"]
    event = {"timestamp": now, "message": "a" * 60 + "!"}
    logs.put_log_events(logGroupName="/slow", logStreamName="one", logEvents=[event])
    asked = logs.start_query(
        logGroupIdentifiers=["/slow"],
        startTime=now // 1000,
        endTime=now // 1000,
        queryString="filter @message like /^(a+)+$/",
    )["queryId"]
    assert logs.get_query_results(queryId=asked)["status"] in ("Scheduled", "Running")
    assert logs.stop_query(queryId=asked)["success"]
    assert logs.get_query_results(queryId=asked)["status"] == "Cancelled"
    with pytest.raises(ClientError, match="has ended"):
        logs.stop_query(queryId=asked)


def test_a_malformed_query_is_refused_with_its_place(logs: Any) -> None:
    logs.create_log_group(logGroupName="/malformed")
    wanted = {"logGroupName": "/malformed", "startTime": 0, "endTime": 1}
    with pytest.raises(logs.exceptions.MalformedQueryException) as caught:
        logs.start_query(**wanted, queryString="fields a | felds b")
    error = caught.value.response["queryCompileError"]
    assert error["location"] == {"startCharOffset": 11, "endCharOffset": 17}
    with pytest.raises(ClientError, match="PPL is not simulated"):
        logs.start_query(**wanted, queryString="fields a", queryLanguage="PPL")
    with pytest.raises(ClientError, match="Exactly one of"):
        logs.start_query(**wanted, logGroupNames=["/malformed"], queryString="fields a")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.start_query(startTime=0, endTime=1, logGroupName="/none", queryString="fields a")


def _asked(logs: Any, now: int, query: str) -> Any:
    asked = logs.start_query(
        logGroupNames=["/asked"], startTime=now // 1000, endTime=now // 1000 + 1, queryString=query
    )
    for _ in range(600):
        found = logs.get_query_results(queryId=asked["queryId"])
        if found["status"] not in ("Scheduled", "Running"):
            return found
        time.sleep(0.05)
    raise AssertionError("the query did not end")
