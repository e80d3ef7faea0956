"""A queue as an event source: which messages cause a call, are deleted, or return."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Mapping
from typing import Any

import pytest
from aws import AskedAws

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.lambda_.event_source import EventSource
from bonkei.services.lambda_.outcome import LARGEST, Outcome
from bonkei.services.lambda_.sources import poller as of_poller
from bonkei.services.lambda_.sources.queue import QueuePoller, done, event, wanted_of

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"


def message(name: str) -> dict[str, Any]:
    return {
        "MessageId": name, "ReceiptHandle": f"r-{name}", "Body": name, "MD5OfBody": "m",
        "Attributes": {"ApproximateReceiveCount": "1"},
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "x"}},
    }  # fmt: skip


def test_the_event() -> None:
    (record,) = json.loads(event([message("a")], QUEUE))["Records"]
    assert record["eventSource"] == "aws:sqs"
    assert (record["eventSourceARN"], record["awsRegion"]) == (QUEUE, "eu-west-1")
    assert (record["messageId"], record["body"]) == ("a", "a")
    assert record["messageAttributes"]["kind"]["stringValue"] == "x"


# "Implementing partial batch responses" in the AWS Lambda Developer Guide.
@pytest.mark.parametrize(
    ("answer", "through"),
    [
        (None, ["a", "b"]),
        ({}, ["a", "b"]),
        ({"batchItemFailures": []}, ["a", "b"]),
        ({"batchItemFailures": None}, ["a", "b"]),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, ["a"]),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, []),
        ({"batchItemFailures": [{"itemIdentifier": "other"}]}, []),
        ({"batchItemFailures": [{"wrong": "a"}]}, []),
        ("text", []),
    ],
)
def test_partial_batch_responses(answer: Any, through: list[str]) -> None:
    outcome = Outcome("success", json.dumps(answer).encode())
    found = done([message("a"), message("b")], outcome, reports_failures=True)
    assert [each["MessageId"] for each in found] == through


def test_an_error_fails_the_batch() -> None:
    assert done([message("a")], Outcome("error", b"{}"), reports_failures=False) == []


async def test_a_batch_beyond_six_megabytes_is_several_calls() -> None:
    """ "The payload size reaches 6 MB" ends a batch."""
    large = [message(name) | {"Body": "x" * 2_500_000} for name in "abcde"]
    sizes: list[int] = []
    removed: list[str] = []

    async def queue(
        _role: str, _operation: str, given: Mapping[str, Any], _region: str
    ) -> Mapping[str, Any]:
        removed.extend(each["ReceiptHandle"] for each in given["Entries"])
        return {}

    async def invoke(_arn: str, payload: bytes) -> Outcome:
        sizes.append(len(payload))
        return Outcome("error" if len(sizes) == 1 else "success", b"null")

    source = EventSource("s", "u", "arn:f", QUEUE, batch_size=100, batching_window=1)
    await QueuePoller(source, "role", AskedAws(queue), invoke, lambda _: None)._handle(large)
    assert len(sizes) == 3
    assert max(sizes) <= LARGEST
    assert removed == ["r-c", "r-d", "r-e"]


async def test_it_polls_calls_and_deletes() -> None:
    waiting = [[message("a"), message("b")], AwsServiceError("Away", "no answer", 503), []]
    asked: list[tuple[str, Mapping[str, Any]]] = []
    called: list[Any] = []
    reports: list[str] = []
    deleted = asyncio.Event()

    async def queue(
        role: str, operation: str, parameters: Mapping[str, Any], region: str
    ) -> Mapping[str, Any]:
        assert (role, region) == ("role", "eu-west-1")
        asked.append((operation, parameters))
        if operation == "DeleteMessageBatch":
            deleted.set()
            return {}
        if parameters["WaitTimeSeconds"] == 0:
            return {}
        if not waiting:
            await asyncio.Event().wait()
        found = waiting.pop(0)
        if isinstance(found, AwsServiceError):
            raise found
        return {"Messages": found}

    async def invoke(arn: str, payload: bytes) -> Outcome:
        called.append((arn, [each["body"] for each in json.loads(payload)["Records"]]))
        return Outcome("success", b'{"batchItemFailures": [{"itemIdentifier": "a"}]}')

    source = EventSource("s", "u", "arn:f", QUEUE, batch_size=5, reports_failures=True)
    poller = QueuePoller(source, "role", AskedAws(queue), invoke, reports.append)
    poller.start()
    await asyncio.wait_for(deleted.wait(), 60)
    await asyncio.sleep(0)
    await poller.stop()
    assert called == [("arn:f", ["a", "b"])]
    (entries,) = [given["Entries"] for operation, given in asked if operation[0] == "D"]
    assert entries == [{"Id": "0", "ReceiptHandle": "r-b"}]
    assert asked[0][1]["QueueUrl"] == "http://localhost/123456789012/orders"


async def test_it_polls_again_after_the_machine_has_refused_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_poller, "_AWAY", 0.0)
    waiting: list[list[Mapping[str, Any]]] = [[message("a")], [message("b")]]
    reports: list[str] = []
    deleted = asyncio.Event()

    async def queue(
        _role: str, operation: str, _given: Mapping[str, Any], _region: str
    ) -> Mapping[str, Any]:
        if operation == "DeleteMessageBatch":
            deleted.set()
            return {}
        if not waiting:
            await asyncio.Event().wait()
        return {"Messages": waiting.pop(0)}

    async def invoke(_arn: str, payload: bytes) -> Outcome:
        if b'"a"' in payload:
            raise OSError(errno.EMFILE, "Too many open files")
        return Outcome("success", b"null")

    source = EventSource("s", "u", "arn:f", QUEUE, batch_size=1)
    poller = QueuePoller(source, "role", AskedAws(queue), invoke, reports.append)
    poller.start()
    await asyncio.wait_for(deleted.wait(), 60)
    await poller.stop()
    assert reports == ["s: [Errno 24] Too many open files"]


# "Properly filtering Amazon SQS messages" in the AWS Lambda Developer Guide.
@pytest.mark.parametrize(
    ("pattern", "body", "wanted"),
    [
        ('{"body": {"RecordNumber": [{"numeric": ["<", 100]}]}}', '{"RecordNumber": 7}', True),
        ('{"body": {"RecordNumber": [{"numeric": ["<", 100]}]}}', '{"RecordNumber": 100}', False),
        ('{"body": {"RecordNumber": [1]}}', "no JSON", False),  # "Lambda drops the message"
        ('{"body": {"RecordNumber": [1]}}', "[" * 100_000, False),
        ("[" * 100_000, "any", False),
        ('{"body": ["hello"]}', "hello", True),
        ('{"body": ["hello"]}', '{"a": "hello"}', False),
        ('{"messageAttributes": {"kind": {"stringValue": ["x"]}}}', "any", True),
        ("{}", "any", True),  # "an empty filter … matches every message"
    ],
)
def test_filters(pattern: str, body: str, *, wanted: bool) -> None:
    source = EventSource("s", "u", "arn:f", QUEUE, filters=(pattern,))
    found, others = wanted_of([message("a") | {"Body": body}], source)
    assert (len(found), len(others)) == ((1, 0) if wanted else (0, 1))


async def test_a_message_that_no_filter_matches_is_removed_without_a_call() -> None:
    """ "Lambda automatically removes messages from the queue that don't match"."""
    waiting = [[message("a"), message("b")]]
    deleted: list[str] = []
    over = asyncio.Event()

    async def queue(
        _role: str, operation: str, parameters: Mapping[str, Any], _region: str
    ) -> Mapping[str, Any]:
        if operation == "DeleteMessageBatch":
            deleted.extend(one["ReceiptHandle"] for one in parameters["Entries"])
            over.set()
            return {}
        if not waiting:
            await asyncio.Event().wait()
        return {"Messages": waiting.pop(0)}

    async def invoke(_arn: str, _payload: bytes) -> Outcome:
        raise AssertionError("nothing is called")

    source = EventSource("s", "u", "arn:f", QUEUE, batch_size=2, filters=('{"body": ["c"]}',))
    poller = QueuePoller(source, "role", AskedAws(queue), invoke, print)
    poller.start()
    await asyncio.wait_for(over.wait(), 60)
    await poller.stop()
    assert deleted == ["r-a", "r-b"]
