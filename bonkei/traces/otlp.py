"""OTLP's bodies as spans.

"OTLP Specification": binary Protobuf, or JSON (`otlp_json`).
https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bonkei.traces import otlp_json
from bonkei.traces.errors import TracesError
from bonkei.traces.span import KINDS, LONGEST, MOST_ATTRIBUTES, UNKNOWN, Span

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

PROTOBUF, JSON = "application/x-protobuf", "application/json"

_ERROR = 2  # Status.STATUS_CODE_ERROR


def read_spans(body: bytes, kind: str) -> Iterator[Span]:
    """The spans of an ExportTraceServiceRequest. Spans without a valid id are left out, as the
    specification requires. Raises TracesError if the body is no such request."""
    try:
        yield from otlp_json.read(body) if kind == JSON else _protobuf(body)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise TracesError("the body is no ExportTraceServiceRequest") from None


def _protobuf(body: bytes) -> Iterator[Span]:
    for resource in _request(body).resource_spans:
        service = _attribute(resource.resource.attributes, "service.name")[:LONGEST] or UNKNOWN
        for scope in resource.scope_spans:
            for span in scope.spans:
                if len(span.trace_id) == 16 and len(span.span_id) == 8:
                    yield _span(span, service)


def _request(body: bytes) -> ExportTraceServiceRequest:
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - only who exports needs it
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: PLC0415

    try:
        return trace_service_pb2.ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise ValueError from error


def _span(span: Message, service: str) -> Span:
    begin = span.start_time_unix_nano / 1e9
    return Span(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        service=service,
        name=span.name[:LONGEST],
        kind=KINDS[span.kind] if 0 <= span.kind < len(KINDS) else "internal",
        begin=begin,
        seconds=max(0.0, span.end_time_unix_nano / 1e9 - begin),
        is_error=span.status.code == _ERROR,
        attributes=tuple(
            (each.key[:LONGEST], _text(each.value)) for each in span.attributes[:MOST_ATTRIBUTES]
        ),
    )


def _attribute(attributes: Any, name: str) -> str:
    return next((_text(each.value) for each in attributes if each.key == name), "")


def _text(value: Any) -> str:
    kind = value.WhichOneof("value")
    if kind is None:
        return ""
    if kind == "array_value":
        return ", ".join(map(_text, value.array_value.values[:MOST_ATTRIBUTES]))[:LONGEST]
    if kind == "kvlist_value":
        return "{…}"
    found = getattr(value, kind)
    return (f"{len(found)} bytes" if kind == "bytes_value" else str(found))[:LONGEST]
