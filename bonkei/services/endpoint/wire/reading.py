"""A request's parameters, read by the service's model, in the client's protocol."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bonkei.base.surrogates import utf8
from bonkei.services.endpoint.errors import ApiError, Protocol
from bonkei.services.endpoint.wire import bindings, constraints, documents, forms
from bonkei.services.endpoint.wire.model import ServiceModel, Shape


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came. `headers` have names in lower case; `body` is expanded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def read(model: ServiceModel, operation: str, protocol: Protocol, sent: Sent) -> dict[str, Any]:
    """The checked parameters. Raises ApiError if AWS would refuse them."""
    try:
        parameters = _parameters(model, operation, protocol, sent)
    except (RecursionError, UnicodeDecodeError):
        raise _unreadable(protocol) from None
    constraints.check(model, operation, parameters)
    return parameters


def _parameters(
    model: ServiceModel, operation: str, protocol: Protocol, sent: Sent
) -> dict[str, Any]:
    shape, body = model.input(operation), sent.body
    match protocol:
        case "json":
            return _document(model, shape, _json(body))
        case "smithy-rpc-v2-cbor":
            return _document(model, shape, _cbor(body))
        case "rest-json":
            return _rest(model, shape, sent)
        case _:
            form = "&".join(filter(None, (sent.query, body.decode())))
            return forms.read(model, shape, form)


def _document(model: ServiceModel, shape: Shape, content: Any) -> dict[str, Any]:
    found: dict[str, Any] = documents.read(model, shape, content)
    return found


def _rest(model: ServiceModel, shape: Shape, sent: Sent) -> dict[str, Any]:
    body = sent.body
    route = model.route(sent.method, sent.path, sent.query)
    if route is None:
        raise ApiError("UnknownOperationException", "No operation has this address.", 404)
    found = bindings.read(model, route, sent.path, sent.query, sent.headers)
    if payload := shape.get("payload"):
        inner = model.shape(shape["members"][payload])
        if inner["type"] == "blob":
            found[payload] = body
        elif inner["type"] == "string":
            found[payload] = body.decode()
        elif body:
            found[payload] = documents.read(model, inner, _json(body))
        return found
    return found | _document(model, shape, _json(body))


def _json(body: bytes) -> Any:
    try:
        found = json.loads(body or b"{}")
        if b"\\ud" in body.lower():  # half of a pair would cost its neighbours in a file
            found = json.loads(utf8(json.dumps(found, ensure_ascii=False)))
    except ValueError:
        raise _unreadable("json") from None
    return found


def _cbor(body: bytes) -> Any:
    import cbor2  # noqa: PLC0415 - two services of many are spoken to like this

    if not body:
        return {}
    try:
        return cbor2.loads(body)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError):
        raise _unreadable("smithy-rpc-v2-cbor") from None


def _unreadable(protocol: Protocol) -> ApiError:
    if protocol == "query":
        return ApiError("MalformedInput", "The request body cannot be read.")
    return ApiError("SerializationException", "The request body cannot be read.")


def expand(body: bytes, encoding: str, limit: int) -> bytes:
    """A body as it was before the client compressed it (CloudWatch's clients do). Raises ApiError
    if it is not gzip, or has more than `limit` bytes."""
    if encoding.lower() != "gzip":
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        expanded = unpacker.decompress(body, limit)
    except zlib.error:
        raise ApiError("SerializationException", "The request body is not gzip.") from None
    if unpacker.unconsumed_tail:
        raise ApiError("RequestEntityTooLarge", "The request body is too large.", 413)
    return expanded
