"""The permissions that a call to any service needs."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError, loads
from typing import Any
from urllib.parse import parse_qsl

from bonkei.cloud.calls.request import Call, Request
from bonkei.cloud.errors import ApiError
from bonkei.cloud.permission import s3, services
from bonkei.cloud.permission.names import Names
from bonkei.cloud.permission.requirement import Requirement


def required(
    call: Call, parameters: Mapping[str, Any], request: Request, names: Names
) -> tuple[Requirement, ...]:
    """The permissions that a call needs; none for a service with unknown permissions."""
    if call.service == "s3":
        found = s3.required(call.operation, request, names)
    else:
        found = services.required(call.service, call.operation, parameters, names)
    return found or ()


def sent_parameters(call: Call, request: Request, body: bytes) -> Mapping[str, Any]:
    """The parameters of a call for MiniStack. Raises ApiError if the body is not a JSON object."""
    if call.service == "s3":
        return {}
    if call.protocol != "json":
        return {**request.parameters, **dict(parse_qsl(body.decode("latin-1"), encoding="utf-8"))}
    try:
        content = loads(body or b"{}")
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise ApiError("SerializationException", "The request body is not a JSON object.")
    return content
