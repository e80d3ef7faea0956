"""Errors: Bonkei's own for people, and AWS's for clients of its APIs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Literal

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.errors import BonkeiError

Protocol = Literal["json", "query", "ec2", "rest-xml", "rest-json", "smithy-rpc-v2-cbor"]
"""A service's protocol, by its name in AWS's service models."""


class CloudError(BonkeiError):
    """The endpoint cannot do its work on this machine."""


class ApiError(AwsServiceError):
    """The endpoint refuses the call. `code` and `status` are those of S3 and the query protocol.
    `spelling` translates them for the other protocols."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response. Header names are in lower case, but that of a request's id is as AWS writes
    it: some programs look for it so."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def render(error: ApiError, protocol: Protocol, request_id: str, namespace: str = "") -> Answer:
    """The error in the form for the protocol's clients. `namespace`: of the service's XML.

    Source: "Error serialization" of the AWS JSON, AWS Query, EC2 Query and REST protocols in the
    Smithy documentation; "REST error responses" in the Amazon S3 API Reference.
    """
    if protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        return _as_document(error, protocol, request_id)
    code, message = (escape(text, quote=False) for text in (error.code, error.message))
    words = f"<Code>{code}</Code><Message>{message}</Message>"
    identity = "x-amzn-RequestId"
    if protocol == "rest-xml":
        members = error.members.items()
        more = "".join(f"<{key}>{escape(str(one), quote=False)}</{key}>" for key, one in members)
        text = f"<Error>{words}{more}<RequestId>{request_id}</RequestId></Error>"
        identity = "x-amz-request-id"
    elif protocol == "ec2":
        errors = f"<Errors><Error>{words}</Error></Errors>"
        text = f"<Response>{errors}<RequestID>{request_id}</RequestID></Response>"
    else:
        space = f' xmlns="{escape(namespace)}"' if namespace else ""
        text = (
            f"<ErrorResponse{space}><Error><Type>Sender</Type>{words}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()
    return Answer(error.status, body, (("content-type", "text/xml"), (identity, request_id)))


def _as_document(error: ApiError, protocol: Protocol, request_id: str) -> Answer:
    """In JSON, or in CBOR."""
    headers, name = [("x-amzn-RequestId", request_id)], error.code
    is_query_too = name == "ValidationError"  # of a service that has the query protocol, too
    if is_query_too:
        headers.append(("x-amzn-query-error", f"{name};Sender"))
        name = "com.amazon.coral.validate#ValidationException"
    content = {"__type": name, "message": error.message}
    if protocol == "smithy-rpc-v2-cbor":
        import cbor2  # noqa: PLC0415 - two services of many are spoken to like this

        kind = (("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"))
        return Answer(error.status, cbor2.dumps(content), (*kind, *headers))
    if not is_query_too:
        content["Message"] = error.message
    written = "application/x-amz-json-1.1" if protocol == "json" else "application/json"
    heads = (("content-type", written), ("x-amzn-errortype", name.rpartition("#")[2]), *headers)
    return Answer(error.status, json.dumps(content).encode(), heads)
