"""A table's stream as an event source: which records cause a call, are retried, or are given up.

"Using AWS Lambda with Amazon DynamoDB", AWS Lambda Developer Guide,
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws import AskedAws

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.lambda_.event_source import EventSource
from bonkei.services.lambda_.outcome import Outcome
from bonkei.services.lambda_.sources.stream import Batch, StreamPoller, after, discarded, event

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/carts/stream/2026-01-01T00:00:00.000"
T = 1_800_000_000.0
OK, BAD = Outcome("success", b"null"), Outcome("error", b"{}")


def record(number: int, kind: str = "INSERT", made: float = T) -> dict[str, Any]:
    image = {"NewImage": {"id": {"S": str(number)}}}
    place = {"SequenceNumber": str(number), "ApproximateCreationDateTime": made}
    return {"eventID": str(number), "eventName": kind, "dynamodb": image | place}


def source(**more: Any) -> EventSource:
    given = {"batch_size": 10, "starting_position": "TRIM_HORIZON"} | more
    return EventSource("aws_lambda_event_source_mapping.s", "u", "arn:f", STREAM, **given)


BATCH = Batch((record(1), record(2), record(3)))


def reported(*names: str) -> Outcome:
    items = [{"itemIdentifier": name} for name in names]
    return Outcome("success", json.dumps({"batchItemFailures": items}).encode())


def places(batches: tuple[Batch, ...]) -> list[tuple[str, int]]:
    return [("".join(r["eventID"] for r in one.records), one.attempts) for one in batches]


@pytest.mark.parametrize(
    ("outcome", "more", "next_batches", "why"),
    [
        (OK, {}, [], ""),
        # "Lambda retries the batch until processing succeeds or the data expires".
        (BAD, {}, [("123", 1)], ""),
        # MaximumRetryAttempts: "discard records after the specified number of retries".
        (BAD, {"retries": 0}, [], "RetryAttemptsExhausted"),
        (BAD, {"retries": 1}, [("123", 1)], ""),
        # MaximumRecordAgeInSeconds.
        (BAD, {"record_age": 60.0}, [], "RecordAgeExceeded"),
        # BisectBatchOnFunctionError: "split the batch in two and retry".
        (BAD, {"bisects": True}, [("12", 0), ("3", 0)], ""),
        # "Lambda uses the lowest sequence number as the checkpoint, and then retries all records
        # starting from that checkpoint".
        (reported("3", "2"), {"reports_failures": True}, [("23", 1)], ""),
        (reported("other"), {"reports_failures": True}, [("123", 1)], ""),
        (reported(""), {"reports_failures": True}, [("123", 1)], ""),
        (reported(), {"reports_failures": True}, [], ""),
        # "the batch is bisected at the returned sequence number".
        (reported("2"), {"reports_failures": True, "bisects": True}, [("2", 0), ("3", 0)], ""),
    ],
)  # fmt: skip
def test_after_a_call(
    outcome: Outcome, more: dict[str, Any], next_batches: list[tuple[str, int]], why: str
) -> None:
    found = after(BATCH, outcome, source(**more), T + 100)
    assert (places(found.next), found.discarded) == (next_batches, why)


def test_the_event_and_the_report_of_a_record_that_is_given_up() -> None:
    (found,) = json.loads(event([record(1)], STREAM))["Records"]
    assert (found["eventSourceARN"], found["eventName"]) == (STREAM, "INSERT")
    given_up = discarded(BATCH, source(), "RetryAttemptsExhausted", T)
    info = given_up["DDBStreamBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]) == (
        "1",
        "3",
        3,
    )
    assert given_up["requestContext"]["condition"] == "RetryAttemptsExhausted"


class Stream:
    """One shard. `lost`: the stored position is no longer valid."""

    def __init__(self, count: int) -> None:
        self.records = [record(number) for number in range(1, count + 1)]
        self.asked: list[str] = []
        self.lost = False

    async def answer(
        self, role: str, operation: str, given: Mapping[str, Any], region: str
    ) -> Mapping[str, Any]:
        assert (role, region) == ("role", "eu-west-1")
        if operation == "DescribeStream":
            return {"StreamDescription": {"Shards": [{"ShardId": "shard-1"}]}}
        if operation == "GetShardIterator":
            kind = given["ShardIteratorType"]
            self.asked.append(f"{kind} {given.get('SequenceNumber', '')}".strip())
            if self.lost and kind == "AFTER_SEQUENCE_NUMBER":
                raise AwsServiceError("TrimmedDataAccessException", "gone")
            start = {"TRIM_HORIZON": 0, "LATEST": len(self.records)}.get(kind)
            return {"ShardIterator": str(int(given["SequenceNumber"]) if start is None else start)}
        start = int(given["ShardIterator"])
        found = self.records[start : start + given["Limit"]]
        return {"Records": found, "NextShardIterator": str(start + len(found))}


class Functions:
    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.called: list[str] = []
        self.sent: list[Any] = []

    async def invoke(self, _arn: str, payload: bytes) -> Outcome:
        names = [one["eventID"] for one in json.loads(payload)["Records"]]
        self.called.append(" ".join(names))
        return self.outcomes.pop(0) if self.outcomes else OK

    async def send(self, _role: str, target: str, body: Any, _attributes: Any) -> None:
        self.sent.append((target, body["DDBStreamBatchInfo"]["batchSize"]))

    async def run(self, stream: Stream, place: Path, calls: int, **more: Any) -> list[str]:
        reports: list[str] = []
        poller = StreamPoller(
            source(**more),
            "role",
            AskedAws(stream.answer),
            self.invoke,
            self.send,
            reports.append,
            place,
            1000.0,
        )
        poller.start()
        async with asyncio.timeout(60):
            while len(self.called) < calls:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        await poller.stop()
        return reports


async def test_batches_are_called_in_order_and_the_position_survives(tmp_path: Path) -> None:
    stream, place = Stream(5), tmp_path / "streams" / "a.position"
    first = Functions()
    await first.run(stream, place, 3, batch_size=2)
    assert first.called == ["1 2", "3 4", "5"]
    stream.records += [record(6)]
    second = Functions()
    await second.run(stream, place, 1, batch_size=2)
    assert second.called == ["6"]
    assert stream.asked == ["TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER 5"]


async def test_a_batch_in_progress_at_the_end_is_called_again(tmp_path: Path) -> None:
    stream, place = Stream(2), tmp_path / "a.position"

    class Hanging(Functions):
        async def invoke(self, arn: str, payload: bytes) -> Outcome:
            await super().invoke(arn, payload)
            await asyncio.Event().wait()
            return OK

    await Hanging().run(stream, place, 1)
    again = Functions()
    await again.run(stream, place, 1)
    assert again.called == ["1 2"]


async def test_a_poisoned_record_is_isolated_and_given_up(tmp_path: Path) -> None:
    """Bisecting lets the other records through, and the destination gets the bad one."""
    stream = Stream(4)

    class Poisoned(Functions):
        async def invoke(self, arn: str, payload: bytes) -> Outcome:
            await super().invoke(arn, payload)
            return BAD if "3" in self.called[-1].split() else OK

    functions = Poisoned()
    target = "arn:aws:sqs:eu-west-1:1:dead"
    more = {"bisects": True, "retries": 1, "on_failure": target}
    await functions.run(stream, tmp_path / "p", 6, **more)
    assert functions.called == ["1 2 3 4", "1 2", "3 4", "3", "3", "4"]
    assert functions.sent == [(target, 1)]


async def test_a_batch_that_is_too_large_for_a_call_is_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "The payload size reaches 6 MB" ends a batch: it was refused again and again."""
    stream, functions = Stream(5), Functions()
    two = len(event(stream.records[:2], source().source))
    monkeypatch.setattr("bonkei.services.lambda_.sources.stream.LARGEST", two)
    await functions.run(stream, tmp_path / "p", 3)
    assert functions.called == ["1 2", "3", "4 5"]


async def test_filters_select_records_and_the_others_are_skipped(tmp_path: Path) -> None:
    stream, functions = Stream(0), Functions()
    stream.records = [record(1), record(2, "MODIFY"), record(3, "REMOVE")]
    await functions.run(stream, tmp_path / "p", 1, filters=('{"eventName": ["MODIFY"]}',))
    assert functions.called == ["2"]
    assert (tmp_path / "p").read_text() == "3"


async def test_a_lost_position_starts_again(tmp_path: Path) -> None:
    place = tmp_path / "p"
    place.write_text("9")
    stream, functions = Stream(1), Functions()
    stream.lost = True
    await functions.run(stream, place, 1)
    assert stream.asked == ["AFTER_SEQUENCE_NUMBER 9", "TRIM_HORIZON"]
    assert functions.called == ["1"]


async def test_records_that_are_given_up_are_reported(tmp_path: Path) -> None:
    reports = await Functions(BAD).run(Stream(1), tmp_path / "p", 1, retries=0)
    assert "1 records are given up (RetryAttemptsExhausted)" in reports[0]
