"""OTLP's bodies: what exporters send, and what nobody should."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bonkei.traces.errors import TracesError
from bonkei.traces.otlp import JSON, PROTOBUF, read_spans

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
DOCUMENT = {
    "resourceSpans": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "my.service"}},
        ]},
        "scopeSpans": [{
            "scope": {"name": "my.library", "version": "1.0.0"},
            "spans": [{
                "traceId": TRACE.upper(), "spanId": SPAN.upper(),
                "parentSpanId": "EEE19B7EC3C1B173",
                "name": "I'm a server span", "startTimeUnixNano": "1544712660000000000",
                "endTimeUnixNano": "1544712661000000000", "kind": 2, "status": {"code": 2},
                "attributes": [{"key": "my.span.attr", "value": {"stringValue": "some value"}}],
                "notOfThisVersion": 1,
            }],
        }],
    }]
}  # fmt: skip
"""The specification's own example: opentelemetry-proto, examples/trace.json."""


def as_protobuf() -> bytes:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    name = resource.resource.attributes.add()
    name.key, name.value.string_value = "service.name", "my.service"
    span = resource.scope_spans.add().spans.add()
    span.trace_id, span.span_id = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
    span.parent_span_id = bytes.fromhex("eee19b7ec3c1b173")
    span.name, span.kind, span.status.code = "I'm a server span", 2, 2
    span.start_time_unix_nano = 1544712660000000000
    span.end_time_unix_nano = 1544712661000000000
    attribute = span.attributes.add()
    attribute.key, attribute.value.string_value = "my.span.attr", "some value"
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("body", "kind"), [(json.dumps(DOCUMENT).encode(), JSON), (as_protobuf(), PROTOBUF)]
)
def test_both_encodings_say_the_same(body: bytes, kind: str) -> None:
    (span,) = read_spans(body, kind)
    assert (span.trace, span.id, span.parent) == (TRACE, SPAN, "eee19b7ec3c1b173")
    assert (span.service, span.name, span.kind) == ("my.service", "I'm a server span", "server")
    assert (span.begin, span.seconds, span.is_error) == (1544712660.0, 1.0, True)
    assert span.attributes == (("my.span.attr", "some value"),)


def test_all_kinds_of_values_are_the_same_in_both_encodings() -> None:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    span = resource.scope_spans.add().spans.add(
        trace_id=bytes.fromhex(TRACE), span_id=bytes.fromhex(SPAN), name="n" * 400, kind=4
    )
    resource.scope_spans[0].spans.add(trace_id=bytes.fromhex(TRACE), span_id=b"short")
    span.start_time_unix_nano, span.end_time_unix_nano = 1544712660123456789, 1544712661000000000
    for name, value in {
        "string": {"stringValue": "é" * 400}, "yes": {"boolValue": True}, "none": {},
        "no": {"boolValue": False}, "whole": {"intValue": "-9007199254740993"},
        "half": {"doubleValue": 0.5}, "endless": {"doubleValue": "Infinity"},
        "bytes": {"bytesValue": "AAEC"}, "table": {"kvlistValue": {"values": []}},
        "list": {"arrayValue": {"values": [{"intValue": 1}, {"stringValue": "two"}, {}]}},
    }.items():  # fmt: skip
        ParseDict({"key": name, "value": value}, span.attributes.add())
    document = MessageToDict(request)
    for each in document["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in ("traceId", "spanId"):
            each[name] = base64.b64decode(each[name]).hex()
    (known,) = read_spans(request.SerializeToString(), PROTOBUF)
    assert list(read_spans(json.dumps(document).encode(), JSON)) == [known]
    assert (known.kind, known.attributes[4]) == ("producer", ("whole", "-9007199254740993"))


def test_what_is_bounded_is_cut_and_invalid_ids_are_left_out() -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for trace, name in ((TRACE, "x" * 10_000), ("00", "short id")):
        span = spans.add()
        span.trace_id, span.span_id, span.name = bytes.fromhex(trace), bytes.fromhex(SPAN), name
        span.start_time_unix_nano, span.end_time_unix_nano = 2_000_000_000, 1_000_000_000
        for number in range(100):
            attribute = span.attributes.add()
            attribute.key, attribute.value.string_value = str(number), "y" * 10_000
    (kept,) = read_spans(request.SerializeToString(), PROTOBUF)
    assert (len(kept.name), len(kept.attributes), len(kept.attributes[0][1])) == (300, 32, 300)
    assert (kept.service, kept.seconds) == ("unknown_service", 0.0)


def of_one(**members: object) -> bytes:
    """A body with a span that has these members, too."""
    span = {"traceId": TRACE, "spanId": SPAN, **members}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xff", PROTOBUF), (b"{", JSON), (b"[]", JSON), (b"1", JSON), (b"\xff", JSON),
        (b'{"resourceSpans": 1}', JSON), (b'{"resourceSpans": [1]}', JSON),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, JSON),
        (of_one(name=1), JSON), (of_one(name="\ud800"), JSON), (of_one(attributes=[None]), JSON),
        (of_one(startTimeUnixNano="soon"), JSON), (of_one(startTimeUnixNano=-1), JSON),
        (of_one(endTimeUnixNano=10**400), JSON), (of_one(status=[]), JSON),
        (of_one(attributes=[{"key": "a", "value": {"intValue": "9" * 5000}}]), JSON),
        (of_one(attributes=[{"key": "a", "value": {"bytesValue": "A"}}]), JSON),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(TracesError) as caught:
        list(read_spans(body, kind))
    assert caught.value.status == 400


_NAMES = [
    "traceId", "name", "kind", "status", "code", "attributes", "key", "value", "arrayValue",
    "values", "doubleValue", "endTimeUnixNano",
]  # fmt: skip
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4)
    ),
)


@given(st.dictionaries(st.sampled_from(["name", "kind", "status", "attributes"]), _ANY))
def test_any_members_of_a_span_are_read_or_refused(members: dict[str, object]) -> None:
    with contextlib.suppress(TracesError):
        list(read_spans(of_one(**members), JSON))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for kind in (PROTOBUF, JSON):
        with contextlib.suppress(TracesError):
            list(read_spans(body, kind))
