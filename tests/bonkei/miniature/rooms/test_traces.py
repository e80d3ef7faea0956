"""What tasks are told of the receiver, and a span's way to its request."""

from __future__ import annotations

import aiohttp

from bonkei.blueprint.service import TaskDefinition
from bonkei.miniature.rooms.traces import TraceRoom
from bonkei.miniature.steps import Steps
from tests.bonkei.traces.test_otlp import as_protobuf

DEFINITION = TaskDefinition("a", "arn:td", "statuspage-backend", 1, 256, 512, ())


async def test_without_a_port_nothing_is_said_and_nothing_listens() -> None:
    room = TraceRoom(None)
    await room.start(Steps(lambda _: None))
    assert room.environment(DEFINITION) == {}
    assert room.snapshot() == {}
    await room.stop()


async def test_tasks_are_told_and_spans_are_found_by_any_form_of_the_trace() -> None:
    room = TraceRoom(0)
    await room.start(Steps(lambda _: None))
    told = room.environment(DEFINITION)
    url = told["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert url.startswith("http://127.0.0.1:")
    assert told["OTEL_SERVICE_NAME"] == "statuspage-backend"
    assert {told["OTEL_METRICS_EXPORTER"], told["OTEL_LOGS_EXPORTER"]} == {"none"}
    headers = {"Content-Type": "application/x-protobuf"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/traces", data=as_protobuf(), headers=headers) as answer,
    ):
        assert answer.status == 200
    for written in (
        "Root=1-5b8efff7-98038103d269b633813fc60c",
        "00-5b8efff798038103d269b633813fc60c-53995c3f42cd8ad8-01",
        "5b8efff798038103d269b633813fc60c",
    ):
        assert [span.name for span in room.of([written])] == ["I'm a server span"]
    assert room.snapshot()["spans"] == 1
    await room.stop()
