"""OTLP's bodies as spans.

"OTLP Specification": binary Protobuf, or JSON "with the following deviations": ids are hexadecimal,
not base64; names are in lowerCamelCase; unknown members are ignored.
https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bonkei.traces.errors import TracesError
from bonkei.traces.span import Span

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

PROTOBUF, JSON = "application/x-protobuf", "application/json"

_KINDS = ("internal", "internal", "server", "client", "producer", "consumer")
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
_HEX = re.compile(r"[0-9a-fA-F]*")
_MOST_ATTRIBUTES = 32
_LONGEST = 300  # characters of a name or a value
_ERROR = 2  # Status.STATUS_CODE_ERROR


def read_spans(body: bytes, kind: str) -> Iterator[Span]:
    """The spans of an ExportTraceServiceRequest. Spans without a valid id are left out, as the
    specification requires. Raises TracesError if the body is no such request."""
    request = _json(body) if kind == JSON else _protobuf(body)
    for resource in request.resource_spans:
        service = _attribute(resource.resource.attributes, "service.name") or "unknown_service"
        for scope in resource.scope_spans:
            for span in scope.spans:
                if len(span.trace_id) == 16 and len(span.span_id) == 8:
                    yield _span(span, service)


def _protobuf(body: bytes) -> ExportTraceServiceRequest:
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - only who exports needs it
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: PLC0415

    try:
        return trace_service_pb2.ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        raise TracesError("the body is no ExportTraceServiceRequest") from None


def _json(body: bytes) -> ExportTraceServiceRequest:
    from google.protobuf import json_format  # noqa: PLC0415
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: PLC0415

    request = trace_service_pb2.ExportTraceServiceRequest()
    try:
        document = json.loads(body)
        json_format.ParseDict(_with_base64(document or None), request, ignore_unknown_fields=True)
    except (ValueError, TypeError, RecursionError, json_format.ParseError):
        raise TracesError("the body is no ExportTraceServiceRequest") from None
    return request


def _with_base64(value: Any) -> Any:
    """Ids as Protobuf's own JSON has them."""
    if isinstance(value, list):
        return [_with_base64(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _base64(each) if name in _IDS else _with_base64(each) for name, each in value.items()
    }


def _base64(text: Any) -> str:
    if not isinstance(text, str) or len(text) % 2 or not _HEX.fullmatch(text):
        return ""
    return base64.b64encode(bytes.fromhex(text)).decode()


def _span(span: Message, service: str) -> Span:
    begin = span.start_time_unix_nano / 1e9
    return Span(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        service=service[:_LONGEST],
        name=span.name[:_LONGEST],
        kind=_KINDS[span.kind] if 0 <= span.kind < len(_KINDS) else "internal",
        begin=begin,
        seconds=max(0.0, span.end_time_unix_nano / 1e9 - begin),
        is_error=span.status.code == _ERROR,
        attributes=tuple(
            (each.key[:_LONGEST], _text(each.value)) for each in span.attributes[:_MOST_ATTRIBUTES]
        ),
    )


def _attribute(attributes: Any, name: str) -> str:
    return next((_text(each.value) for each in attributes if each.key == name), "")


def _text(value: Any) -> str:
    kind = value.WhichOneof("value")
    if kind is None:
        return ""
    if kind == "array_value":
        return ", ".join(map(_text, value.array_value.values[:_MOST_ATTRIBUTES]))[:_LONGEST]
    if kind == "kvlist_value":
        return "{…}"
    found = getattr(value, kind)
    return (f"{len(found)} bytes" if kind == "bytes_value" else str(found))[:_LONGEST]
