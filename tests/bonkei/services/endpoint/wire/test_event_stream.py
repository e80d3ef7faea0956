"""Answers with events: real clients read them as they happen, and a service notices a closed
connection.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError, EventStreamError

from bonkei.base.aws_service import AwsCall, AwsServiceError, Operations
from bonkei.services.endpoint.port.bodies import Bodies
from bonkei.services.endpoint.settings import Limits
from bonkei.services.endpoint.streaming import Streams
from bonkei.services.endpoint.wire.event_stream import message
from tests.bonkei.services.endpoint.places import Place, serving

UPDATE = {
    "sessionMetadata": {"sampled": False},
    "sessionResults": [{"timestamp": 1, "ingestionTime": 2, "message": "日本\x00"}],
}


Start = Callable[..., Any]


class Tail:
    """Streams the given events, and remembers the request and how the stream ended."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any] | Exception] = []
        self.goes_on = False
        self.asked = 0
        self.closed = threading.Event()

    async def start(self, call: AwsCall) -> Mapping[str, Any]:
        if call.parameters["logGroupIdentifiers"] == ["none"]:
            raise AwsServiceError("ResourceNotFoundException", "No group.")
        return {"responseStream": self._events()}

    async def invoke(self, call: AwsCall) -> Mapping[str, Any]:
        return {"StatusCode": 200, "ExecutedVersion": "3", "EventStream": self._events()}

    async def _events(self) -> AsyncGenerator[Mapping[str, Any], None]:
        try:
            for event in self.events:
                self.asked += 1
                if isinstance(event, Exception):
                    raise event
                yield event
            if self.goes_on:
                await asyncio.sleep(3_600)
        finally:
            self.closed.set()


@pytest.fixture
def tail() -> Tail:
    return Tail()


@pytest.fixture
def place(
    tail: Tail, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
    own = {
        "logs": Operations({"StartLiveTail": tail.start}),
        "lambda": Operations({"InvokeWithResponseStream": tail.invoke}),
    }
    with serving(own, tmp_path_factory.mktemp("calls")) as place:
        yield place


@pytest.fixture
def start(place: Place) -> Iterator[Start]:
    """Start Live Tail. botocore leaves its connection open, so it is closed after the test."""
    logs, streams = place.client("logs"), list[Any]()

    def started(group: str = "arn") -> Any:
        streams.append(logs.start_live_tail(logGroupIdentifiers=[group])["responseStream"])
        return streams[-1]

    yield started
    for stream in streams:
        stream.close()
    logs.close()


def test_boto3_reads_events_while_they_happen(start: Start, tail: Tail) -> None:
    tail.events = [{"sessionStart": {"sessionId": "s", "requestId": None}}]
    tail.events += [{"sessionUpdate": UPDATE}]
    tail.goes_on = True
    stream = start()
    events = iter(stream)
    assert next(events) == {"sessionStart": {"sessionId": "s"}}
    assert next(events) == {"sessionUpdate": UPDATE}
    assert not tail.closed.is_set()
    stream.close()
    assert tail.closed.wait(60)  # the client has closed


def test_an_end_and_an_exception_arrive(start: Start, tail: Tail) -> None:
    tail.events = [{"sessionUpdate": UPDATE}]
    assert list(start()) == [{"sessionUpdate": UPDATE}]
    tail.events = [{"sessionUpdate": UPDATE}, AwsServiceError("SessionTimeoutException", "3 h.")]
    stream = iter(start())
    next(stream)
    with pytest.raises(EventStreamError, match=r"SessionTimeoutException.*3 h\."):
        next(stream)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        start("none")


def test_a_fault_in_the_service_is_not_an_end(place: Place, start: Start, tail: Tail) -> None:
    for fault in (ValueError("broken"), {"sessionUpdate": {"unknown": 1}}):
        tail.events = [fault]
        with pytest.raises(EventStreamError, match=r"InternalFailure.*StartLiveTail"):
            list(start())
    assert "broken" in place.reports[0]


def test_a_payload_and_headers_of_an_event(place: Place, tail: Tail) -> None:
    """Lambda's stream: raw bytes, and a last event."""
    tail.events = [{"PayloadChunk": {"Payload": b"\x00\xff"}}, {"InvokeComplete": {}}]
    with closing(place.client("lambda")) as client:
        answer = client.invoke_with_response_stream(FunctionName="f")
        assert answer["ExecutedVersion"] == "3"
        assert list(answer["EventStream"]) == tail.events
        answer["EventStream"].close()


def test_a_client_that_does_not_read_stops_the_stream(start: Start, tail: Tail) -> None:
    """Memory stays bounded: the service produces only what the sockets accept."""
    update = {"sessionResults": [{"message": "x" * 50_000}]}
    tail.events = [{"sessionUpdate": update}] * 2_000
    stream = start()
    taken = 0
    while not tail.asked or taken != tail.asked:
        taken = tail.asked
        assert taken < 400
        time.sleep(0.3)
    assert len(list(stream)) == 2_000


def test_streams_end_when_the_miniature_stops(place: Place, start: Start, tail: Tail) -> None:
    tail.events, tail.goes_on = [{"sessionUpdate": UPDATE}], True
    stream = iter(start())
    next(stream)
    place.stop()
    assert tail.closed.wait(60)
    assert list(stream) == []


def test_more_streams_than_the_limit_are_refused() -> None:
    with pytest.raises(AwsServiceError, match="ThrottlingException: 0 streams"):
        Streams(0, Bodies(Limits())).require_room()


def test_every_kind_of_header() -> None:
    when = datetime(2026, 1, 2, tzinfo=UTC)
    headers = {"text": "é", "yes": True, "no": False, "small": -1, "large": 2**40}
    reader = EventStreamBuffer()
    reader.add_data(message({**headers, "bytes": b"\x00", "when": when}, b"payload"))
    [read] = list(reader)
    seconds = int(when.timestamp() * 1000)
    assert read.headers == {**headers, "bytes": b"\x00", "when": seconds}
    assert read.payload == b"payload"
