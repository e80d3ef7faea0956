"""The receiver over real sockets, as an exporter uses it, and as nobody should."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import threading
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bonkei.traces import Receiver, Span, Spans, TracesError
from bonkei.traces import receiver as module
from bonkei.traces.store import MOST, MOST_CHARACTERS, MOST_OF_TRACE
from tests.bonkei.traces.test_otlp import DOCUMENT, TRACE, as_protobuf

PROTOBUF = {"Content-Type": "application/x-protobuf"}


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, Spans]]:
    spans = Spans()
    made = Receiver(spans)
    await made.start(0)
    yield made, spans
    await made.stop()
    await made.stop()


async def post(
    url: str,
    body: bytes | io.BytesIO,
    path: str = "/v1/traces",
    method: str = "POST",
    **headers: str,
) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url + path, data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.read()


async def test_protobuf_json_and_gzip_are_taken(receiver: tuple[Receiver, Spans]) -> None:
    url, spans = receiver[0].url, receiver[1]
    assert await post(url, as_protobuf(), **PROTOBUF) == (200, b"")
    packed = gzip.compress(as_protobuf())
    taken = await post(url, packed, **PROTOBUF, **{"Content-Encoding": "gzip"})
    assert taken == (200, b"")
    text = json.dumps(DOCUMENT).encode()
    assert await post(url, text, **{"Content-Type": "application/json"}) == (200, b"{}")
    assert len(spans.of([TRACE])) == 3


async def test_what_is_not_taken_has_its_status(receiver: tuple[Receiver, Spans]) -> None:
    url, spans = receiver[0].url, receiver[1]
    body = as_protobuf()
    for status, answer in (
        (404, await post(url, body, "/v1/metrics", **PROTOBUF)),
        (405, await post(url, b"", method="GET", **PROTOBUF)),
        (415, await post(url, body, **{"Content-Type": "text/plain"})),
        (415, await post(url, body, **PROTOBUF, **{"Content-Encoding": "br"})),
        (400, await post(url, b"\xff\xff", **PROTOBUF)),
        (403, await post(url, body, **PROTOBUF, Host="evil.test")),
        (413, await post(url, io.BytesIO(b"x" * (module.LONGEST + 1)), **PROTOBUF)),
        (413, await post(url, gzip.compress(bytes(module.LONGEST + 1)), **PROTOBUF,
                         **{"Content-Encoding": "gzip"})),
    ):  # fmt: skip
        assert answer[0] == status
    assert len(spans) == 0
    assert await post(url, body, **PROTOBUF) == (200, b"")  # it goes on


async def test_others_are_answered_while_a_body_is_read(
    receiver: tuple[Receiver, Spans], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same event loop serves visitors."""
    begun, other_was_answered = threading.Event(), threading.Event()

    def slow(*_: object) -> list[Span]:
        begun.set()
        assert other_was_answered.wait(60)
        return []

    monkeypatch.setattr(module, "read_spans", slow)
    reading = asyncio.create_task(post(receiver[0].url, as_protobuf(), **PROTOBUF))
    assert await asyncio.to_thread(begun.wait, 60)
    assert (await post(receiver[0].url, b"", method="GET"))[0] == 405
    other_was_answered.set()
    assert (await reading)[0] == 200


async def test_a_body_that_never_ends_is_not_waited_for(
    receiver: tuple[Receiver, Spans], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOWEST", 0.1)
    host, port = receiver[0].url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        b"Content-Type: application/x-protobuf\r\n\r\nx"
    )
    assert (await asyncio.wait_for(reader.read(12), 60)) == b"HTTP/1.1 408"
    writer.close()


async def test_a_taken_port_is_named_with_the_setting(receiver: tuple[Receiver, Spans]) -> None:
    port = int(receiver[0].url.rpartition(":")[2])
    with pytest.raises(TracesError) as caught:
        await Receiver(Spans()).start(port)
    assert "BONKEI_TRACES_PORT" in caught.value.remedy


def span(trace: str, begin: float = 0.0, *attributes: tuple[str, str]) -> Span:
    return Span(trace, "1" * 16, "", "s", "n", "server", begin, 0.1, attributes=attributes)


def test_the_store_is_bounded_and_forgets_the_oldest_trace() -> None:
    spans = Spans()
    spans.add(span("chatty", number) for number in range(MOST_OF_TRACE + 10))
    assert (len(spans), spans.left_out) == (MOST_OF_TRACE, 10)
    spans.add(span(f"{number:032x}") for number in range(MOST))
    assert len(spans) <= MOST
    assert spans.of(["chatty"]) == ()
    assert len(spans.of([f"{MOST - 1:032x}"])) == 1


def test_the_store_is_bounded_also_by_what_spans_say() -> None:
    spans, whole = Spans(), MOST_CHARACTERS // 10
    for number in range(12):
        spans.add([span(f"{number:032x}", 1.0, ("text", "x" * whole))])
    assert (len(spans), spans.left_out) == (9, 3)
    assert spans.of([f"{2:032x}"]) == ()


def test_a_trace_is_found_by_the_load_balancers_header_too() -> None:
    spans = Spans()
    header = "Root=1-5759e988-bd862e3fe1be46a994272793"
    own = "a" * 32
    spans.add([span(own, 2.0), span(own, 1.0, ("http.request.header.x-amzn-trace-id", header))])
    found = spans.of(["5759e988bd862e3fe1be46a994272793"])
    assert [each.begin for each in found] == [1.0, 2.0]
    assert spans.of([own]) == found
