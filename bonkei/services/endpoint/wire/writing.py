"""An answer, or an error, as a response in the client's protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.endpoint.errors import Answer, Protocol
from bonkei.services.endpoint.wire import bindings, documents, xml
from bonkei.services.endpoint.wire.model import ServiceModel, Shape

_CBOR = (("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"))


def write(
    model: ServiceModel,
    operation: str,
    protocol: Protocol,
    value: Mapping[str, Any],
    request_id: str,
) -> Answer:
    """The answer. Raises KeyError or TypeError if the model does not know a value. This is a bug of
    the service."""
    shape = model.output(operation)
    identity = ("x-amzn-RequestId", request_id)
    match protocol:
        case "json":
            body = _json(documents.write(model, shape, value, binary=False))
            return Answer(200, body, (_json_kind(model), identity))
        case "smithy-rpc-v2-cbor":
            body = _cbor(documents.write(model, shape, value, binary=True))
            return Answer(200, body, (*_CBOR, identity))
        case "rest-json":
            return _rest(model, operation, shape, value, identity)
        case _:
            body = xml.envelope(model, operation, value, request_id)
            return Answer(200, body, (("content-type", "text/xml"), identity))


def _rest(
    model: ServiceModel,
    operation: str,
    shape: Shape,
    value: Mapping[str, Any],
    identity: tuple[str, str],
) -> Answer:
    usual = model.operations[operation]["http"].get("responseCode", 200)
    status = bindings.status_of(shape, value, usual)
    headers = [identity, *bindings.headers_of(shape, value)]
    if payload := shape.get("payload"):
        inner = model.shape(shape["members"][payload])
        given = value.get(payload)
        if inner["type"] in ("blob", "string"):
            body = given.encode() if isinstance(given, str) else bytes(given or b"")
        else:
            body = _json(documents.write(model, inner, given or {}, binary=False))
    elif status == 204:
        body = b""
    else:
        body = _json(documents.write(model, shape, value, binary=False))
    if body:
        headers.append(("content-type", "application/json"))
    return Answer(status, body, tuple(headers))


def write_error(
    model: ServiceModel,
    protocol: Protocol,
    error: AwsServiceError,
    request_id: str,
    query_mode: bool = False,
) -> Answer:
    """An error with the status and the query code of the model. `query_mode`: the client asks for
    the status of the query protocol (`x-amzn-query-mode`); else it is 400 in the newer ones."""
    shape = model.error(error.code)
    known = shape.get("error", {})
    status = known.get("httpStatusCode", error.status)
    query_code = known.get("code", error.code)
    identity = ("x-amzn-RequestId", request_id)
    if protocol == "query":
        kind = "Receiver" if status >= 500 else "Sender"
        message = f"<Message>{xml.text(error.message)}</Message>" if error.message else ""
        text = (
            f'<ErrorResponse xmlns="{xml.namespace(model)}"><Error>'
            f"<Type>{kind}</Type><Code>{xml.text(query_code)}</Code>"
            f"{message}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Answer(status, xml.HEAD + text.encode(), (("content-type", "text/xml"), identity))
    binary = protocol == "smithy-rpc-v2-cbor"
    words = dict.fromkeys(("message", "Message"), error.message) if error.message else {}
    members = {**words, **error.members}
    known_members = {name: one for name, one in members.items() if name in shape["members"]}
    content = documents.write(model, shape, known_members, binary=binary)
    name = _name_of(model, error.code)
    if binary:
        words.pop("Message", "")
    headers: list[tuple[str, str]] = [identity, ("x-amzn-errortype", name)]
    if "awsQueryCompatible" in model.metadata:
        words.pop("Message", "")
        name = f"{_namespace(model)}#{name}"
        status = 400 if status < 500 and not query_mode else status
        kind = "Receiver" if status >= 500 else "Sender"
        headers.append(("x-amzn-query-error", f"{query_code};{kind}"))
    content = {"__type": name, **words, **content}
    if binary:
        return Answer(status, _cbor(content), (*_CBOR, *headers))
    kind_header = ("content-type", "application/json") if protocol == "rest-json" else None
    return Answer(status, _json(content), (kind_header or _json_kind(model), *headers))


def _namespace(model: ServiceModel) -> str:
    """That of Smithy, in which the service's shapes are: as CloudWatch's errors name it."""
    service = str(model.metadata["serviceId"]).lower()
    return f"com.amazonaws.{service}.v{str(model.metadata['apiVersion']).replace('-', '_')}"


def _name_of(model: ServiceModel, code: str) -> str:
    """The shape's name of an error, from the error's code in the query protocol."""
    shapes = model.document["shapes"]
    if code in shapes:
        return code
    wanted = model.error(code)
    return next((name for name, shape in shapes.items() if shape is wanted), code)


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _json_kind(model: ServiceModel) -> tuple[str, str]:
    return ("content-type", f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}")


def _cbor(content: Any) -> bytes:
    import cbor2  # noqa: PLC0415 - two services of many are spoken to like this

    return cbor2.dumps(content, indefinite_containers=True)  # as AWS writes them
