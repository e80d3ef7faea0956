"""What SQS does where MiniStack does otherwise: "DeleteMessage" and "CreateQueue" in the Amazon SQS
API Reference."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import parse_qsl
from uuid import uuid4

from bonkei.services.endpoint.calls.request import Call
from bonkei.services.endpoint.errors import Answer, ApiError

_WITH_ATTRIBUTES = frozenset({"CreateQueue", "SetQueueAttributes"})
_JSON_FLAG = re.compile(rb'("[A-Z]\w+"\s*:\s*")(True|False)(?=")')
_HANDLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The receipt handle of a message, which may be gone."""
_GONE = "Message does not exist or is not available for visibility timeout change."
_DELETED = (
    b'<?xml version="1.0" encoding="UTF-8"?><DeleteMessageResponse '
    b'xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><ResponseMetadata><RequestId>%b'
    b"</RequestId></ResponseMetadata></DeleteMessageResponse>"
)
_FORM_FLAG = re.compile(rb"(Attribute\.\d+\.Value=)(True|False)(?=&|$)")


def asked(call: Call, body: bytes) -> bytes:
    """The body for MiniStack, which takes a flag for one only in small letters."""
    if call.operation not in _WITH_ATTRIBUTES:
        return body
    pattern = _JSON_FLAG if call.protocol == "json" else _FORM_FLAG
    return pattern.sub(lambda found: found[1] + found[2].lower(), body)


def alterations(call: Call, body: bytes) -> Mapping[int, Callable[[bytes], Answer | None]]:
    """The answers that are other ones, as `Passing` takes them. They may raise ApiError."""
    if call.operation == "ReceiveMessage" and call.protocol == "query":
        return {200: _with_returns}
    if call.operation in ("DeleteMessage", "ChangeMessageVisibility"):
        return {400: partial(_without_message, call, _parameter(call, body, "ReceiptHandle"))}
    if call.operation == "DeleteMessageBatch" and call.protocol == "json":
        return {200: partial(_deleted, body)}
    return {}


def _parameter(call: Call, body: bytes, name: str) -> str:
    if call.protocol != "json":
        return dict(parse_qsl(body.decode("utf-8", "replace"))).get(name, "")
    return str(json.loads(body).get(name, ""))


def _without_message(call: Call, handle: str, answer: bytes) -> Answer | None:
    """A message can be deleted again, but not changed any more."""
    if b"ReceiptHandleIsInvalid" not in answer:
        return None
    if not _HANDLE.fullmatch(handle):
        message = f'The input receipt handle "{handle}" is not a valid receipt handle.'
        raise ApiError("ReceiptHandleIsInvalid", message, 400)
    if call.operation != "DeleteMessage":
        message = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: {_GONE}"
        raise ApiError("InvalidParameterValue", message, 400)
    if call.protocol == "json":
        return Answer(200, b"{}", (("content-type", "application/x-amz-json-1.0"),))
    return Answer(200, _DELETED % str(uuid4()).encode(), (("content-type", "text/xml"),))


def _deleted(body: bytes, answer: bytes) -> Answer | None:
    """Each message of a batch can be deleted again, too."""
    handles = {each.get("Id"): each.get("ReceiptHandle") for each in json.loads(body)["Entries"]}
    found = json.loads(answer)
    again = [
        each
        for each in found.get("Failed") or ()
        if each["Code"] == "ReceiptHandleIsInvalid"
        and _HANDLE.fullmatch(str(handles.get(each["Id"])))
    ]
    if not again:
        return None
    done = [*(found.get("Successful") or ()), *({"Id": each["Id"]} for each in again)]
    failed = [each for each in found["Failed"] if each not in again]
    content = {"Successful": done, "Failed": failed}
    return Answer(200, json.dumps(content).encode())


def _with_returns(body: bytes) -> Answer | None:
    """A reader of XML takes a bare carriage return for a line feed."""
    if b"\r" not in body:
        return None
    return Answer(200, body.replace(b"\r", b"&#xD;"))
