"""Calls are recorded within bounds, and recording never delays or fails a call."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bonkei.services.endpoint.calls.record import KEPT, CallLog, Record
from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.calls.resource import resource_of


def record(number: int) -> Record:
    return Record(float(number), "arn:caller", "", "s3", "GetObject", 200, "", 1.5, f"id{number}")


def opened(file: Path) -> CallLog:
    log = CallLog(file)
    log.open()
    return log


def test_the_file_and_the_memory_are_bounded(tmp_path: Path) -> None:
    log = opened(tmp_path / "calls")
    for number in range(5 * KEPT):
        log.add(record(number))
    lines = (tmp_path / "calls").read_text().splitlines()
    assert KEPT <= len(lines) <= 2 * KEPT
    assert f"id{5 * KEPT - 1}" in lines[-1]
    assert len(log.recent()) == KEPT


def test_a_second_run_continues_within_the_same_bound(tmp_path: Path) -> None:
    for _ in range(3):
        log = opened(tmp_path / "calls")
        for number in range(KEPT):
            log.add(record(number))
    assert len((tmp_path / "calls").read_text().splitlines()) <= 2 * KEPT


def test_a_full_disk_fails_no_call() -> None:
    log = CallLog(Path("/dev/full"))
    log.add(record(1))
    assert log.recent() == (record(1),)


@pytest.mark.parametrize(
    ("call", "path", "body", "resource"),
    [
        (Call("s3", "GetObject", "rest-xml"), "/shop/a%20b", b"", "shop/a b"),
        (Call("s3", "ListBuckets", "rest-xml"), "/", b"", ""),
        (Call("sqs", "SendMessage", "json"), "/",
         b'{"MessageBody": "x", "QueueUrl": "http://q"}', "http://q"),
        (Call("dynamodb", "BatchGetItem", "json"), "/", b'{"RequestItems": {"a": 1, "b": 2}}',
         "a,b"),
        (Call("dynamodb", "PutItem", "json"), "/",
         b'{"Item": "' + b"x" * 70_000 + b'", "TableName": "carts"}', "carts"),
        (Call("sns", "Publish", "query"), "/", b"Action=Publish&TopicArn=arn%3Anews", "arn:news"),
        (Call("lambda", "Invoke", "rest-json"), "/functions/f", b"{}", "/functions/f"),
        (Call("sqs", "ListQueues", "json"), "/", b"[1]", ""),
        (Call("sqs", "ListQueues", "json"), "/", b"{", ""),
    ],
)  # fmt: skip
def test_the_resource_of_a_call_is_recorded(
    call: Call, path: str, body: bytes, resource: str
) -> None:
    assert resource_of(call, Request("POST", path, "", ()), body) == resource


def test_simultaneous_calls_are_written_together(tmp_path: Path) -> None:
    file = tmp_path / "calls"

    async def main() -> None:
        log = opened(file)
        for number in range(3):
            log.add(record(number))
        assert not file.exists()
        log.flush()

    asyncio.run(main())
    assert len(file.read_text().splitlines()) == 3
