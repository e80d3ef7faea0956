"""An answer of events, in the format of clients: `application/vnd.amazon.eventstream`.

Source: "Amazon Event Stream Specification" in the Smithy documentation, and "Event stream encoding"
in the Amazon Transcribe Developer Guide. A message has two lengths with a checksum of their own,
headers, a payload, and a checksum of everything.
"""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any
from zlib import crc32

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.endpoint.errors import Protocol
from bonkei.services.endpoint.wire import bindings, documents, timestamps
from bonkei.services.endpoint.wire.model import ServiceModel, Shape

KIND = "application/vnd.amazon.eventstream"
_TEXT, _LONG, _INTEGER, _BYTES, _TIMESTAMP, _TRUE, _FALSE = 7, 5, 4, 6, 8, 0, 1
_PROTOCOLS: Mapping[str, tuple[str, bool]] = {
    "json": ("application/json", False),
    "rest-json": ("application/json", False),
    "smithy-rpc-v2-cbor": ("application/cbor", True),
}
Failed = Callable[[Exception], str]
"""Reports a service's own bug. Returns the part of it that the client may see."""


def stream_member(model: ServiceModel, shape: Shape) -> str:
    """The member of an answer that is a stream of events; empty if there is none."""
    members = shape["members"].items()
    return next((name for name, one in members if model.shape(one).get("eventstream")), "")


def heads(
    model: ServiceModel, operation: str, value: Mapping[str, Any], request_id: str
) -> tuple[tuple[str, str], ...]:
    """The headers of the whole answer."""
    named = {"x-amzn-RequestId": request_id, "content-type": KIND}
    named |= bindings.headers_of(model.output(operation), value)
    return (*named.items(),)


async def encode(
    model: ServiceModel,
    operation: str,
    protocol: Protocol,
    value: Mapping[str, Any],
    failed: Failed,
) -> AsyncGenerator[bytes, None]:
    """The messages of an answer. In the RPC protocols, the members that are not events come first,
    then one event after another. An AwsServiceError that the model has for the stream comes last.
    The service's iterator is always closed."""
    kind, binary = _kind(protocol)
    shape = model.output(operation)
    member = stream_member(model, shape)
    stream = model.shape(shape["members"][member])
    async with aclosing(value[member]) as events:
        if protocol != "rest-json":
            rest = {name: one for name, one in value.items() if name != member}
            content = documents.write(model, shape, rest, binary=binary)
            yield message(_heads("event", "initial-response", kind), _document(content, binary))
        try:
            async for event in events:
                yield _event(model, stream, event, kind, binary=binary)
        except AwsServiceError as error:
            yield _refusal(model, stream, error, kind, binary=binary)
        except Exception as error:  # a bug of the service: the client must not take it for the end
            words = {":error-code": "InternalFailure", ":error-message": failed(error)}
            yield message({":message-type": "error", **words}, b"")


def message(headers: Mapping[str, Any], payload: bytes) -> bytes:
    """One message."""
    listed = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(listed) + len(payload), len(listed))
    head = prelude + struct.pack(">I", crc32(prelude)) + listed + payload
    return head + struct.pack(">I", crc32(head))


def _event(
    model: ServiceModel, stream: Shape, event: Mapping[str, Any], kind: str, *, binary: bool
) -> bytes:
    [(name, value)] = event.items()
    shape = model.shape(stream["members"][name])
    headers = {}
    for key, member in shape["members"].items():
        if member.get("eventheader") and value.get(key) is not None:
            headers[key] = value[key]
    payload = next((key for key, one in shape["members"].items() if one.get("eventpayload")), "")
    if not payload:
        rest = {key: one for key, one in value.items() if key not in headers}
        body = _document(documents.write(model, shape, rest, binary=binary), binary)
        return message({**_heads("event", name, kind), **headers}, body)
    inner, given = model.shape(shape["members"][payload]), value.get(payload)
    match inner["type"]:
        case "blob":
            kind, body = "application/octet-stream", bytes(given or b"")
        case "string":
            kind, body = "text/plain", str(given or "").encode()
        case _:
            body = _document(documents.write(model, inner, given or {}, binary=binary), binary)
    return message({**_heads("event", name, kind), **headers}, body)


def _refusal(
    model: ServiceModel, stream: Shape, error: AwsServiceError, kind: str, *, binary: bool
) -> bytes:
    member = stream["members"].get(error.code)
    if member is None:
        words = {":error-code": error.code, ":error-message": error.message}
        return message({":message-type": "error", **words}, b"")
    shape = model.shape(member)
    members = {"message": error.message, "Message": error.message, **error.members}
    known = {name: one for name, one in members.items() if name in shape["members"]}
    body = _document(documents.write(model, shape, known, binary=binary), binary)
    return message(_heads("exception", error.code, kind), body)


def _heads(message_type: str, name: str, kind: str) -> dict[str, str]:
    return {f":{message_type}-type": name, ":content-type": kind, ":message-type": message_type}


def _kind(protocol: Protocol) -> tuple[str, bool]:
    """The content type of documents, and whether they are CBOR. Raises TypeError for the protocols
    of XML, because no service that Bonkei answers streams in them."""
    if protocol not in _PROTOCOLS:
        raise TypeError(f"{protocol} has no stream of events here")
    return _PROTOCOLS[protocol]


def _document(content: Any, binary: bool) -> bytes:
    if binary:
        import cbor2  # noqa: PLC0415 - two services of many are spoken to like this

        return cbor2.dumps(content, datetime_as_timestamp=True)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _header(name: str, value: Any) -> bytes:
    key = name.encode()
    return bytes((len(key),)) + key + _value(value)


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return bytes((_TRUE if value else _FALSE,))
    if isinstance(value, int):
        wide = not -(2**31) <= value < 2**31
        return struct.pack(">bq", _LONG, value) if wide else struct.pack(">bi", _INTEGER, value)
    if isinstance(value, datetime):
        return struct.pack(">bq", _TIMESTAMP, round(timestamps.seconds(value) * 1000))
    data = value if isinstance(value, bytes) else str(value).encode()
    return struct.pack(">bH", _BYTES if isinstance(value, bytes) else _TEXT, len(data)) + data
