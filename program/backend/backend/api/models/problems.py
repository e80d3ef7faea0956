"""Health and errors."""

from __future__ import annotations

from pydantic import Field

from backend.api.models.base import Outgoing


class Health(Outgoing):
    status: str = Field(examples=["ok"])


class InvalidMember(Outgoing):
    pointer: str = Field(description="JSON Pointer to the member, or `#/query/limit` and the like.")
    detail: str


class Problem(Outgoing):
    """RFC 9457, sent as `application/problem+json`."""

    type: str = Field(description="`about:blank`, or a name such as `urn:problem:throttled`.")
    title: str
    status: int
    detail: str
    request_id: str = Field(description="As in the response's X-Request-Id and in the logs.")
    errors: list[InvalidMember] | None = Field(default=None, description="With 422 only.")
