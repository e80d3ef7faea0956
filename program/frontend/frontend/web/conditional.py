"""If-None-Match (RFC 9110, 13.1.2): weak comparison, since CloudFront weakens compressed ETags."""

from __future__ import annotations

from starlette.requests import Request


def not_modified(request: Request, etag: str) -> bool:
    """Whether the client has the content with this `etag` (a strong one, in quotes)."""
    asked = request.headers.get("if-none-match", "")
    if asked.strip() == "*":
        return True
    return etag in (candidate.strip().removeprefix("W/") for candidate in asked.split(","))
