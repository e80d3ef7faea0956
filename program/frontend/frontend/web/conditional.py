"""If-None-Match (RFC 9110, 13.1.2): weak comparison, for CloudFront weakens what it compresses."""

from __future__ import annotations

from starlette.requests import Request


def not_modified(request: Request, etag: str) -> bool:
    """Whether the client has the content that `etag` (a strong one, in quotes) names."""
    asked = request.headers.get("if-none-match", "")
    if asked.strip() == "*":
        return True
    return etag in (candidate.strip().removeprefix("W/") for candidate in asked.split(","))
