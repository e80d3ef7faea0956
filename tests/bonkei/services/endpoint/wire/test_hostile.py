"""Every input is read, or refused with AWS's error."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonkei.services.endpoint.calls.request import Request, identify
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.wire import forms
from bonkei.services.endpoint.wire.model import load_model
from bonkei.services.endpoint.wire.reading import Sent, read

SCOPE = "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/elasticloadbalancing/aws4_request"
NAMES = st.sampled_from(
    ["MetricData", "Dimensions", "Name", "Value", "Timestamp", "Values", "Namespace", "", "x"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=20
)


def reads(service: str, operation: str, protocol: Any, body: bytes) -> None:
    """Nothing but an ApiError is raised."""
    with suppress(ApiError):
        read(load_model(service), operation, protocol, Sent("POST", "/", "", {}, body))


@given(st.dictionaries(NAMES, VALUES))
@settings(max_examples=60)
def test_any_document(content: dict[str, Any]) -> None:
    reads("cloudwatch", "PutMetricData", "smithy-rpc-v2-cbor", cbor2.dumps(content))
    reads("cloudwatch", "PutMetricData", "json", json.dumps(content, default=repr).encode())


def test_half_a_character_costs_no_call() -> None:
    """Neither a file nor an answer takes it: U+FFFD stands in its place."""

    def sent(detail: bytes) -> Sent:
        return Sent("POST", "/", "", {}, b'{"Entries": [{"Detail": "%b"}]}' % detail)

    model = load_model("events")
    for half, replaced in ((rb"\ud800", "\ufffd"), (rb"\uDC00 a", "\ufffd a")):
        found = read(model, "PutEvents", "json", sent(half))
        assert found["Entries"] == [{"Detail": replaced}]
    whole = read(model, "PutEvents", "json", sent(rb"\ud83d\ude00"))
    assert whole["Entries"] == [{"Detail": "\U0001f600"}]


@given(st.binary(max_size=60))
@settings(max_examples=60)
def test_any_bytes(body: bytes) -> None:
    for protocol in ("json", "smithy-rpc-v2-cbor", "query"):
        reads("cloudwatch", "PutMetricData", protocol, body)


PARTS = st.sampled_from(["Filters", "Filter", "1", "2", "", "member", "Name", "Values", "Value"])


@given(st.lists(st.tuples(st.lists(PARTS, max_size=6), st.text(max_size=5))))
@settings(max_examples=60)
def test_any_form(fields: list[tuple[list[str], str]]) -> None:
    text = "&".join(f"{'.'.join(parts)}={value}" for parts, value in fields)
    reads("rds", "DescribeDBClusters", "query", text.encode())


@pytest.mark.parametrize(
    "form",
    [
        "a." * 200 + "a=1",
        "a&" * 30_000,
        f"Filters.Filter.{'9' * 5_000}.Name=1",
        "MaxRecords=" + "9" * 5_000,
    ],
    ids=["deep", "many", "number of an element", "number"],
)
def test_forms_that_would_exhaust_memory(form: str) -> None:
    with pytest.raises(ApiError) as caught:
        forms.read(load_model("rds"), load_model("rds").input("DescribeDBClusters"), form)
    assert caught.value.code == "MalformedInput"


def test_a_call_with_too_many_fields_is_not_identified() -> None:
    kind = "application/x-www-form-urlencoded"
    request = Request("POST", "/", "", (("authorization", SCOPE), ("content-type", kind)))
    with pytest.raises(ApiError):
        identify(request, b"a&" * 30_000)
