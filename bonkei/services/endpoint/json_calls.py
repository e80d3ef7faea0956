"""The head of a call, and the meaning of an answer with JSON, for every sender."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.endpoint.calls.request import Request, Scope
from bonkei.services.endpoint.identity.credentials import Credentials
from bonkei.services.endpoint.identity.signature import sign

SILENCE = 30.0
"""Seconds to wait for an answer; polling a queue takes up to 20."""


@dataclass(frozen=True, slots=True)
class Address:
    """The destination of a call. `service`: its name in the signature."""

    url: str
    service: str
    region: str


def signed(
    credentials: Credentials,
    address: Address,
    target: str,
    body: bytes,
    *,
    form: str = "application/x-amz-json-1.0",
) -> dict[str, str]:
    """The headers of the call. `form`: of the body; one that is not JSON has no target."""
    more = {"content-type": form, **({"x-amz-target": target} if target else {})}
    return signed_head(credentials, address, "POST", "/", more, body=body)


def signed_head(
    credentials: Credentials,
    address: Address,
    method: str,
    path: str,
    more: Mapping[str, str],
    *,
    query: str = "",
    body: bytes = b"",
) -> dict[str, str]:
    """The headers of any call: `more`, and those of its signature."""
    now = datetime.now(UTC)
    headers = {
        "host": urlsplit(address.url).netloc,
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        **more,
    }
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    scope = Scope(credentials.access_key, now.strftime("%Y%m%d"), address.region, address.service)
    request = Request(method, path, query, tuple(headers.items()))
    return headers | {"authorization": sign(request, body, scope, credentials.secret_key)}


def content(status: int, text: str) -> Mapping[str, Any]:
    """The content of an answer. Raises AwsServiceError for a refusal."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = {}
    if status >= 300:
        code = str(found.get("__type", "Unknown")).rpartition("#")[2]
        raise AwsServiceError(code, str(found.get("message") or text[:200]), status)
    return dict(found)


def unanswered(error: Exception) -> AwsServiceError:
    """In place of an answer."""
    return AwsServiceError("ServiceUnavailable", f"no answer: {type(error).__name__}", 503)
