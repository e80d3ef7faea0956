"""The permissions that a call to any service needs."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError, loads
from typing import Any
from urllib.parse import parse_qsl

from bonkei.services.endpoint.calls.request import Call, Request, repeated
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity import browser_upload
from bonkei.services.endpoint.permission import s3, services
from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.requirement import Requirement

_WITH_POLICIES = ("sns", "sqs")
"""Services whose resources of one name have policies of their own in each region."""


def required(
    call: Call, parameters: Mapping[str, Any], request: Request, names: Names, now: float = 0.0
) -> tuple[Requirement, ...]:
    """The permissions that a call needs; none for a service with unknown permissions. `now`:
    seconds since the epoch."""
    if call.service == "s3":
        found = s3.required(call.operation, request, names, str(parameters.get("key", "")), now)
    else:
        here = names.in_region(call.region) if call.service in _WITH_POLICIES else names
        try:
            found = services.required(call.service, call.operation, parameters, here)
        except (AttributeError, TypeError):  # the store would refuse it, but it comes after this
            message = "A parameter is of another type than the operation has."
            raise ApiError("SerializationException", message) from None
    return found or ()


def sent_parameters(call: Call, request: Request, body: bytes) -> Mapping[str, Any]:
    """The parameters of a call for MiniStack; of S3's, only the key in a browser's form. Raises
    ApiError if the body is not a JSON object."""
    if call.service == "s3":
        return {"key": browser_upload.key(request, body)} if call.operation == "PostObject" else {}
    if call.protocol != "json":
        if name := repeated(request.query, body.decode("latin-1")):
            raise ApiError("MalformedQueryString", f"The parameter {name} is given twice.", 400)
        return {**request.parameters, **dict(parse_qsl(body.decode("latin-1"), encoding="utf-8"))}
    try:
        content = loads(body or b"{}")
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise ApiError("SerializationException", "The request body is not a JSON object.")
    return content
